-- Asks for numbers at random out of a file; says at the end, in one line of JSON, how it went.
local numbers = {}
local path

function init(args)
  path = args[1]
  for line in io.lines(args[2]) do
    numbers[#numbers + 1] = line
  end
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", path .. numbers[math.random(#numbers)])
end

function done(summary, latency, _)
  local wrong = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50_us": %d, "p99_us": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout))
end
