import {
  ADDRESSES_MAX,
  type AddressPort,
  type KeptAddress,
  KNOWN_MS,
} from "../domain/kept_address.ts";
import type { Clock } from "../domain/ports.ts";
import { type RedisLink, scriptOf } from "./redis/link.ts";

/** How often it is exchanged: a bot that logs in at one door may be asked something a moment later. */
const EVERY_MS = 1_000;

/** When each address was told of by Redis' clock, and what was told. */
const KEYS = ["{sluice}:addresses", "{sluice}:addresses:told"];

/**
 * Notes the addresses that this proxy tells of, and gives back Redis' time and
 * all that anybody has told of since the time that it gave back before. What it
 * hands back is bounded by what it keeps.
 */
const EXCHANGE = scriptOf(`
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function whole(number) return string.format('%.0f', number) end
for i = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], whole(now), ARGV[i])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
local function forget(addresses)
  for _, address in ipairs(addresses) do
    redis.call('ZREM', KEYS[1], address)
    redis.call('HDEL', KEYS[2], address)
  end
end
forget(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now - ${KNOWN_MS})))
forget(redis.call('ZRANGE', KEYS[1], 0, -${ADDRESSES_MAX + 1}))
local reply = { whole(now) }
for _, address in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')) do
  reply[#reply + 1] = redis.call('HGET', KEYS[2], address) or ''
end
return reply
`);

/** What an exchange is made with. */
export interface AddressExchangeDeps {
  readonly clock: Clock;
  readonly redis: RedisLink;
}

/** Has a proxy know what others have told, and tells them what it knows, once a second. */
export class AddressExchange {
  readonly #deps: AddressExchangeDeps;
  readonly #port: AddressPort;
  /** What has not been told yet. */
  #untold = new Map<string, KeptAddress>();
  #sinceText = "0";
  #stop: () => void = () => {};
  #isOver = false;

  constructor(deps: AddressExchangeDeps, port: AddressPort) {
    this.#deps = deps;
    this.#port = port;
    port.keepIn({
      keep: (kept) => void this.#untold.set(kept.address, kept),
      // Redis forgets by itself what is too much for all together.
      forget: (address) => void this.#untold.delete(address),
    });
  }

  /** Exchanges it from now on; settles after the first time, a good one or not. */
  async start(): Promise<void> {
    await this.#exchange();
    if (this.#isOver) return;
    const { clock } = this.#deps;
    this.#stop = clock.wakeAt(
      clock.nowMs() + EVERY_MS,
      () => void this.start(),
    );
  }

  /** Tells what is left, and no more. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#stop();
    if (this.#untold.size > 0) await this.#exchange();
  }

  async #exchange(): Promise<void> {
    const { redis } = this.#deps;
    const telling = this.#untold;
    this.#untold = new Map();
    const told = [...telling].flatMap(([address, kept]) => [
      address,
      JSON.stringify(kept),
    ]);
    try {
      const reply = await redis.run(EXCHANGE, KEYS, [this.#sinceText, ...told]);
      this.#hear(reply);
    } catch {
      this.#untold = new Map([...telling, ...this.#untold]);
    }
  }

  #hear(reply: unknown): void {
    if (!Array.isArray(reply)) return;
    const [nowText, ...told] = reply.map(String);
    if (nowText === undefined) return;
    this.#sinceText = nowText;
    this.#port.take(told.flatMap(readTold));
  }
}

/** Anybody may have written it: the mark says whether it is true. */
function readTold(text: string): KeptAddress[] {
  try {
    const { address, kind, name, usedAtWallMs, mark } = JSON.parse(text);
    const isKept = (kind === "key" || kind === "bot") &&
      [address, name, mark].every((one) => typeof one === "string") &&
      Number.isFinite(usedAtWallMs);
    return isKept ? [{ address, kind, name, usedAtWallMs, mark }] : [];
  } catch {
    return [];
  }
}
