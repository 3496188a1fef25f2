-- KEYS[1] record; ARGV: 1 the claim that the operator saw; to complete it, 2 a fresh claim and 3 the answer; else it is removed.
-- Layout: begin.lua.
local value = redis.call('GET', KEYS[1])
if not value or value:byte(1) ~= 1 or #value < 84 or value:sub(3, 18) ~= ARGV[1] then
    return 0
end
-- InFlight and Unknown end with their label, and have an end. What does not is damaged, and decides nothing.
local state, left, retention = value:byte(2), redis.call('PTTL', KEYS[1]), struct.unpack('>I8', value, 75)
if (state ~= 1 and state ~= 3) or #value ~= 84 + struct.unpack('>I2', value, 83) or left < 0 or left > retention then
    return 0
end
if #ARGV == 1 then
    return redis.call('DEL', KEYS[1])
end
-- The claim is another one from here on: a late completion by its holder is lost.
redis.call('SET', KEYS[1], value:sub(1, 1) .. '\2' .. ARGV[2] .. value:sub(19) .. ARGV[3], 'PX', retention)
return 1
