-- KEYS[1] record; ARGV: 1 claim. Layout: begin.lua.
local value = redis.call('GET', KEYS[1])
if not value or value:byte(1) ~= 1 or value:byte(2) == 2 or value:sub(3, 18) ~= ARGV[1] then
    return 0
end
if value:byte(2) == 1 then
    redis.call('SETRANGE', KEYS[1], 1, '\3')
    redis.call('PEXPIRE', KEYS[1], (struct.unpack('>I8', value, 75)))
end
return 1
