-- Requests for random bases. Arguments: METHOD SUFFIX BODY_BYTES HOW_MANY_BASES CLOSE(0|1)
-- They are made beforehand, so that the generator costs as little as it can.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local requests = {}
local at = 0

local function hex(digits)
  local s = ""
  for _ = 1, digits do s = s .. string.format("%x", math.random(0, 15)) end
  return s
end

function init(args)
  local method, suffix, size, count = args[1], args[2], tonumber(args[3]), tonumber(args[4])
  math.randomseed(7919 * number)
  local body = size > 0 and string.rep("x", size) or nil
  local headers = { ["Authorization"] = "Token 0123456789abcdef0123456789abcdef01234567", ["Accept"] = "application/json" }
  if body then headers["Content-Type"] = "application/json" end
  if args[5] == "1" then headers["Connection"] = "close" end
  for i = 1, count do
    local uuid = table.concat({ hex(8), hex(4), hex(4), hex(4), hex(12) }, "-")
    requests[i] = wrk.format(method, "/api/v1/dtables/" .. uuid .. suffix, headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

-- One line that the harness reads: requests, microseconds, bytes, errors, and latency percentiles in microseconds.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
