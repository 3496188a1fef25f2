-- One thread's requests for wrk. Arguments: path, kind of key ("new": another one each time; "few": 64 per thread), run, think time in ms from and to.
local threads = 0
local head, body, kind, prefix, from, to
local count = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  kind = args[2]
  -- With the size that is asked for: under the keys of another size the same requests would be refused.
  prefix = kind == "few" and string.format("few-%s-%08d-", args[1]:match("%d+$"), number) or string.format("%s-%d-", args[3], number)
  from, to = tonumber(args[4]), tonumber(args[5])
  math.randomseed(number)
  -- The body holds the key: another key, another request, as it is with clients.
  body = '{"amount":49.90,"currency":"EUR","note":"' .. string.rep("x", 940) .. '","order":"'
  local length = #body + #prefix + 20 + 2
  head = "POST " .. args[1] .. ' HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ' .. length .. '\r\nIdempotency-Key: "'
end

function request()
  count = count + 1
  local key = prefix .. string.format("%020d", kind == "few" and count % 64 or count)
  return head .. key .. '"\r\n\r\n' .. body .. key .. '"}'
end

function delay()
  return to > 0 and math.random(from, to) or 0
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
