-- KEYS[1] record; ARGV: 1 claim, 2 answer. Layout: begin.lua.
local value = redis.call('GET', KEYS[1])
if not value or value:byte(1) ~= 1 or value:sub(3, 18) ~= ARGV[1] then
    return 0
end
if value:byte(2) == 2 then
    return 1
end
-- InFlight and Unknown end with their label.
redis.call('SET', KEYS[1], value:sub(1, 1) .. '\2' .. value:sub(3) .. ARGV[2], 'PX', (struct.unpack('>I8', value, 75)))
return 1
