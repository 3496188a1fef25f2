-- KEYS[1] record; ARGV: 1 packed InFlight value, 2 lease + retention (ms), 3 claim, 4 fingerprint, 5 '1' to take over an Unknown.
-- Answers { value, lease left in ms }; the value's claim is the caller's own if the record was claimed.
-- Layout (1-based): 1 version, 2 state, 3-18 claim, 19-66 fingerprint, 67-74 created at, 75-82 retention, 83.. label and answer.
local value = redis.call('GET', KEYS[1])
if not value then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return { ARGV[1], 0 }
end
-- Not a whole record of this version (one without an answer ends with its label): the caller says so, and nothing is decided here.
local state = value:byte(2)
if value:byte(1) ~= 1 or #value < 84 or (state ~= 2 and #value ~= 84 + struct.unpack('>I2', value, 83)) then
    return { value, 0 }
end
-- The key lives for lease + retention from its last renewal on, so what is left beyond the retention is the lease.
local lease = redis.call('PTTL', KEYS[1]) - struct.unpack('>I8', value, 75)
local own = state == 1 and value:sub(3, 18) == ARGV[3]
if state == 1 and not own then
    if lease > 0 then
        return { value, lease }
    end
    state = 3
elseif state == 3 and lease > 0 then
    return { value, lease } -- damaged: what was marked Unknown lives for its retention alone
end
-- Repeated or taken over, the record is written whole: the retention in it and the time that it lives belong together.
if own or (state == 3 and ARGV[5] == '1' and value:sub(19, 66) == ARGV[4]) then
    local claimed = ARGV[1]:sub(1, 66) .. value:sub(67, 74) .. ARGV[1]:sub(75)
    redis.call('SET', KEYS[1], claimed, 'PX', ARGV[2])
    return { claimed, 0 }
end
return { value, 0 }
