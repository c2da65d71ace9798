import type { Clock } from "../domain/ports.ts";
import type { HealthPort, SharedHealth } from "../domain/shared_health.ts";
import { type RedisLink, scriptOf } from "./redis/link.ts";

/** Discord counts invalid requests of ten minutes, so what a proxy said last counts for as long, should it be gone. */
const WINDOW_MS = 600_000;

/** How often it is exchanged: Cloudflare's blocks and bans last for minutes at least. */
const EVERY_MS = 1_000;

/**
 * Notes what this proxy says of itself in the hash of its address, and gives
 * back what all others there have said: their invalid requests, and the longest
 * time that one of them is blocked for.
 */
const EXCHANGE = scriptOf(`
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local id, invalid, blockedFor = ARGV[1], ARGV[2], tonumber(ARGV[3])
local blockedUntil = blockedFor > 0 and now + blockedFor or 0
if invalid == '0' and blockedUntil == 0 then
  redis.call('HDEL', KEYS[1], id)
else
  redis.call('HSET', KEYS[1], id, string.format('%s %.0f %.0f', invalid, blockedUntil, now))
  redis.call('PEXPIRE', KEYS[1], ${WINDOW_MS})
end
local sum, blocked = 0, 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local count, untilMs, saidAt = string.match(all[i + 1], '(%d+) (%d+) (%d+)')
  if tonumber(saidAt) + ${WINDOW_MS} < now then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= id then
    sum = sum + tonumber(count)
    blocked = math.max(blocked, tonumber(untilMs) - now)
  end
end
return { sum, math.floor(blocked) }
`);

/** What an exchange is made with. */
export interface HealthExchangeDeps {
  readonly clock: Clock;
  readonly redis: RedisLink;
  readonly selfId: string;
  /** Names the address that requests leave by: proxies with the same one share a budget. */
  readonly egress: string;
}

/** Exchanges it from now on, once a second; returns how to stop. Where Redis is away, what was heard last goes on to count. */
export function exchangeHealth(
  { clock, redis, selfId, egress }: HealthExchangeDeps,
  port: HealthPort,
): () => void {
  let stop = () => {};
  let isOver = false;
  const key = `{sluice}:egress:${egress}`;
  async function exchange(): Promise<void> {
    const { invalid, blockedForMs = 0 } = port.own();
    const words = [selfId, invalid, Math.ceil(blockedForMs)].map(String);
    const reply = await redis.run(EXCHANGE, [key], words).catch(() => {});
    if (isOver) return;
    const heard = readReply(reply);
    if (heard !== undefined) port.heard(heard);
    stop = clock.wakeAt(clock.nowMs() + EVERY_MS, exchange);
  }
  void exchange();
  return () => {
    isOver = true;
    stop();
  };
}

function readReply(reply: unknown): SharedHealth | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [invalid, blockedForMs] = reply.map(Number);
  if (invalid === undefined || blockedForMs === undefined) return undefined;
  return { invalid, blockedForMs: blockedForMs > 0 ? blockedForMs : undefined };
}
