-- KEYS[1] record; ARGV: 1 claim. Layout: begin.lua.
local head = redis.call('GETRANGE', KEYS[1], 0, 17)
if #head < 18 or head:byte(1) ~= 1 or head:byte(2) ~= 1 or head:sub(3, 18) ~= ARGV[1] then
    return 0
end
return redis.call('DEL', KEYS[1])
