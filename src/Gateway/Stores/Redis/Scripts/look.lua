-- KEYS[1] record; ARGV: 1 '1' for its answer as well. Answers { value, time to live in ms } (-2: there is none). Layout: begin.lua.
if ARGV[1] == '1' then
    return { redis.call('GET', KEYS[1]) or '', redis.call('PTTL', KEYS[1]) }
end
local value = redis.call('GETRANGE', KEYS[1], 0, 83)
if #value == 84 then
    -- A byte more than the label: what is not completed must end there.
    value = redis.call('GETRANGE', KEYS[1], 0, 84 + struct.unpack('>I2', value, 83))
end
return { value, redis.call('PTTL', KEYS[1]) }
