-- KEYS[1] record; ARGV: 1 claim, 2 lease (ms). Layout: begin.lua.
local value = redis.call('GET', KEYS[1])
if not value or value:byte(1) ~= 1 or value:byte(2) ~= 1 or value:sub(3, 18) ~= ARGV[1] then
    return 0
end
local retention = struct.unpack('>I8', value, 75)
if redis.call('PTTL', KEYS[1]) <= retention then
    return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2] + retention)
return 1
