import { FORGET_MS, LEASE_MS, LIVING_MS } from "../ownership/timing.ts";

/** The keys of a beat. One hash tag, so that they lie together wherever keys are spread. */
export const BEAT_KEYS: readonly string[] = [
  "{sluice}:owners",
  "{sluice}:members",
  "{sluice}:cluster",
];

/**
 * Carries out a beat (`ownership/beat.ts`) at one moment of Redis' clock. It may
 * run late, and twice: a renewal and a release name the epoch they are of, and a
 * take the record it was decided on.
 */
export const BEAT_SCRIPT = `
local owners, members, cluster = KEYS[1], KEYS[2], KEYS[3]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function whole(number) return string.format('%.0f', number) end
local function words(text)
  local list = {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = word end
  return list
end

local at = 0
local function word() at = at + 1; return ARGV[at] end
local id, url, presence, believed, knows = word(), word(), word(), word(), word()

-- Where nobody was heard for a while it was Redis that was away: nobody is to be forgotten for that.
local wasAway = tonumber(redis.call('HGET', cluster, 'beat') or '0') + ${LIVING_MS} < now
redis.call('HSET', cluster, 'beat', whole(now))
local all = redis.call('HGETALL', members)
for i = 1, #all, 2 do
  local has = words(all[i + 1])
  if wasAway then
    redis.call('HSET', members, all[i], table.concat({ has[1], has[2], whole(now), has[4] }, ' '))
  elseif tonumber(has[3]) + ${FORGET_MS} < now then
    redis.call('HDEL', members, all[i])
  end
end

local joined = '0'
if presence == 'gone' then
  redis.call('HDEL', members, id)
else
  local own = redis.call('HGET', members, id)
  if own then
    joined = words(own)[2]
  else
    local version = tonumber(redis.call('HGET', cluster, 'version') or '0')
    joined = whole(math.max(version + 1, now))
    redis.call('HSET', cluster, 'version', joined)
  end
  local leaving = presence == 'leaving' and '1' or '0'
  redis.call('HSET', members, id, table.concat({ url, joined, whole(now), leaving }, ' '))
end

local function record(owner, epoch, untilMs)
  return table.concat({ owner, epoch, whole(untilMs), knows, url }, ' ')
end

for _ = 1, tonumber(word()) do
  local scope, epoch = word(), word()
  local text = redis.call('HGET', owners, scope)
  local has = text and words(text)
  if not text or (has[1] == id and has[2] == epoch) then
    redis.call('HSET', owners, scope, record(id, epoch, now + ${LEASE_MS}))
  end
end

for _ = 1, tonumber(word()) do
  local scope, epoch = word(), word()
  local text = redis.call('HGET', owners, scope)
  local has = text and words(text)
  if text and has[1] == id and has[2] == epoch then
    redis.call('HSET', owners, scope, record('-', epoch, 0))
  end
end

local taken = {}
for _ = 1, tonumber(word()) do
  local scope, seen, above, known = word(), word(), word(), word()
  local text = redis.call('HGET', owners, scope) or ''
  if text == seen and joined == believed then
    local has = words(text)
    local isKnown = known == '0' or text == '' or has[1] == '-'
      or tonumber(has[4]) >= tonumber(joined)
    if isKnown then
      local epoch = whole(math.max(tonumber(has[2] or '0') + 1, tonumber(above) + 1, now))
      redis.call('HSET', owners, scope, record(id, epoch, now + ${LEASE_MS}))
      taken[#taken + 1] = scope
      taken[#taken + 1] = epoch
    end
  end
end

return {
  whole(now),
  redis.call('HGET', cluster, 'version') or '0',
  joined,
  redis.call('HGETALL', members),
  redis.call('HGETALL', owners),
  taken,
}
`;
