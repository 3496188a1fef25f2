-- KEYS[1] record; ARGV: 1 the claim that the operator saw. Layout: begin.lua.
local value = redis.call('GET', KEYS[1])
if not value or value:byte(1) ~= 1 or #value < 84 or value:sub(3, 18) ~= ARGV[1] then
    return 0
end
-- What is not whole or has no end is damaged, and decides nothing.
local state, left, rest = value:byte(2), redis.call('PTTL', KEYS[1]), #value - 84 - struct.unpack('>I2', value, 83)
if state < 1 or state > 3 or rest < 0 or (state ~= 2 and rest > 0) or left < 0 then
    return 0
end
-- Only one that runs has time left beyond its retention.
if state ~= 2 and left > struct.unpack('>I8', value, 75) then
    return 0
end
return redis.call('DEL', KEYS[1])
