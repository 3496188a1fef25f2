-- KEYS: 1 the actor's records by the end of their lives, 2 their sizes, and 'total'. ARGV: 1 record. Answers { known, records, bytes, ms until the first ends }.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
if #gone > 0 then
    local freed = 0
    for _, size in ipairs(redis.call('HMGET', KEYS[2], unpack(gone))) do
        freed = freed + tonumber(size or 0)
    end
    redis.call('ZREM', KEYS[1], unpack(gone))
    redis.call('HDEL', KEYS[2], unpack(gone))
    redis.call('HINCRBY', KEYS[2], 'total', string.format('%d', 0 - freed)) -- a plain -0 is no integer to it
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {
    redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0,
    redis.call('ZCARD', KEYS[1]),
    tonumber(redis.call('HGET', KEYS[2], 'total') or 0),
    first[2] and first[2] - now or 0
}
