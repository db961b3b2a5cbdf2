-- wrk: one request per key of the file, over and over; built before the clock starts. Where HEADER
-- is "fields", each line holds the header fields that carry one key, with tabs between them.
local requests, at = {}, 0

local function env(name, default)
  local value = os.getenv("PEERBENCH_" .. name)
  return value ~= nil and value ~= "" and value or default
end

function init()
  for key in io.lines(assert(env("CREDENTIALS"))) do
    local body = env("BODY", ""):gsub("%%KEY%%", key)
    local lines = { env("METHOD", "GET") .. " " .. env("PATH", "/") .. " HTTP/1.1", "Host: " .. env("HOST", "localhost") }
    if env("HEADER") == "fields" then
      for field in key:gmatch("[^\t]+") do lines[#lines + 1] = field end
    elseif env("HEADER", "none") ~= "none" then lines[#lines + 1] = env("HEADER") .. ": " .. env("PREFIX", "") .. key end
    if env("EXTRA_HEADER") then lines[#lines + 1] = env("EXTRA_HEADER") end
    if body ~= "" then
      lines[#lines + 1] = "Content-Type: application/json"
      lines[#lines + 1] = "Content-Length: " .. #body
    end
    requests[#requests + 1] = table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
    if #requests >= 100000 then break end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
