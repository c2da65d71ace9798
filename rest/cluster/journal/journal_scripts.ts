import { type Script, scriptOf } from "../redis/link.ts";

/** By scope: the epoch of whoever writes to it. */
export const FENCE_KEY = "{sluice}:journal";

/** The hash of a scope's rows. */
export function rowsKey(scope: string): string {
  return `{sluice}:journal:${scope}`;
}

const NOW = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`;

/** Raises a scope's fence. A claim that comes late does not lower it. Gives back Redis' time, or 0. */
export const CLAIM: Script = scriptOf(`${NOW}
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if tonumber(ARGV[2]) < last then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return now
`);

/**
 * Makes changes (\`changeWords\`), all or none of them: first it looks whether
 * every scope is still at the epoch it is written to by, and whether anybody
 * still waits: who does not was told that it was not made. Gives back by how many
 * rows and bytes the journal has grown, and Redis' time.
 */
const APPEND_TEXT = `${NOW}
local at = 0
local function word() at = at + 1; return ARGV[at] end

if now > tonumber(word()) then return 'late ' .. string.format('%.0f', now) end

for _ = 1, tonumber(word()) do
  local scope, epoch = word(), word()
  if redis.call('HGET', KEYS[1], scope) ~= epoch then return 'fenced ' .. scope end
end

local rows, bytes = 0, 0
local function get(key, field) return redis.call('HGET', key, field) end
local function set(key, field, value)
  bytes = bytes + #value - redis.call('HSTRLEN', key, field)
  redis.call('HSET', key, field, value)
end
local function drop(key, field)
  bytes = bytes - redis.call('HSTRLEN', key, field)
  return redis.call('HDEL', key, field)
end

local change = {}
function change.put(key, id)
  local main, place, body, outcome = word(), word(), word(), word()
  if not get(key, 'm' .. id) then rows = rows + 1 end
  drop(key, 'b' .. id)
  drop(key, 'B' .. id)
  drop(key, 'o' .. id)
  set(key, 'm' .. id, main)
  if place ~= '-' then set(key, place .. id, body) end
  if outcome ~= '' then set(key, 'o' .. id, outcome) end
end
function change.mark(key, id)
  local state = word()
  local main = get(key, 'm' .. id)
  if not main or string.sub(main, 2, 2) == 'e' then return end
  set(key, 'm' .. id, string.sub(main, 1, 1) .. state .. string.sub(main, 3))
end
change['end'] = function(key, id)
  local untilText, outcome = word(), word()
  local main = get(key, 'm' .. id)
  if not main then return end
  drop(key, 'b' .. id)
  drop(key, 'B' .. id)
  set(key, 'o' .. id, outcome)
  set(key, 'm' .. id,
    string.sub(main, 1, 1) .. 'e' .. string.sub(main, 3, 3) .. '-' .. untilText .. string.sub(main, 20))
end
function change.delete(key, id)
  rows = rows - drop(key, 'm' .. id)
  drop(key, 'b' .. id)
  drop(key, 'B' .. id)
  drop(key, 'o' .. id)
end

while at < #ARGV do
  local kind, key, id = word(), KEYS[tonumber(word())], word()
  change[kind](key, id)
end
return { rows, bytes, now }
`;

/** For new rows: Redis refuses them where its memory is full. */
export const APPEND: Script = scriptOf(`#!lua\n${APPEND_TEXT}`);

/** For what ends rows: that is always to go through, since it makes room. */
export const APPEND_WITHOUT_ROOM: Script = scriptOf(
  `#!lua flags=allow-oom\n${APPEND_TEXT}`,
);
