-- KEYS: as in quota_look.lua. ARGV: 1 record.
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
    redis.call('HINCRBY', KEYS[2], 'total', string.format('%d', 0 - tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0))) -- a plain -0 is no integer to it
    redis.call('HDEL', KEYS[2], ARGV[1])
end
return 1
