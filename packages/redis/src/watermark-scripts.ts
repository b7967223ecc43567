/**
 * Records watermarks, in one step for everybody else: merges each with what is known of its name by the later of either
 * time, writes what changed to the log and tells the channel, and drops a few that are over.
 *
 * Keys: the watermarks (a hash, times by name), their ends (a sorted set, names by `expiresAt`), the log (a stream).
 * Arguments: the channel, seconds a watermark is kept beyond its end, entries the log keeps; then name, `issuedAt` and
 * `expiresAt` of each watermark. Answers how many changed anything, as text.
 */
export const recordScript = `
local marks, ends, log = KEYS[1], KEYS[2], KEYS[3]
local channel, grace, kept = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local now = tonumber(redis.call('TIME')[1])
local function whole(number) return string.format('%.0f', number) end

local changed = 0
for i = 4, #ARGV, 3 do
  local name, issued, over = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local before = redis.call('HGET', marks, name) or ''
  local issuedBefore, overBefore = string.match(before, '^(%d+) (%d+)$')
  issued = math.max(issued, tonumber(issuedBefore or issued))
  over = math.max(over, tonumber(overBefore or over))
  local times = whole(issued) .. ' ' .. whole(over)
  if times ~= before and over + grace > now then
    redis.call('HSET', marks, name, times)
    redis.call('ZADD', ends, whole(over), name)
    redis.call('XADD', log, 'MAXLEN', '~', kept, '*', 'name', name, 'times', times)
    changed = changed + 1
  end
end
if changed == 0 then return '0' end

local past = redis.call('ZRANGEBYSCORE', ends, '-inf', whole(now - grace), 'LIMIT', 0, 16 + 2 * changed)
for _, name in ipairs(past) do
  redis.call('HDEL', marks, name)
  redis.call('ZREM', ends, name)
end

local last = tonumber(redis.call('ZREVRANGE', ends, 0, 0, 'WITHSCORES')[2])
for _, key in ipairs(KEYS) do redis.call('EXPIREAT', key, whole(last + grace)) end
redis.call('PUBLISH', channel, 'changed')
return tostring(changed)
`

/**
 * Answers the last entry of the log, and gives it a first one if it is empty: a place to go on from.
 *
 * Keys: the log. Arguments: seconds that a log without watermarks is kept.
 */
export const openScript = `
local log = KEYS[1]
if redis.call('XLEN', log) == 0 then
  redis.call('XADD', log, '*', 'opened', '')
  redis.call('EXPIRE', log, ARGV[1])
end
return redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1][1]
`
