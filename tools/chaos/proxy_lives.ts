import { drawMs, type Random, type Range } from "../../sim/model/random.ts";
import type { Life } from "./mortal_proxy.ts";

/** Draws how the proxy's next life ends. */
export type DrawLife = (random: Random) => Life;

/** Lives that end by signal 9, at any moment. */
export function livesOf(span: Range): DrawLife {
  return (random) => ({ ms: drawMs(random, span) });
}

/** A proxy that is traced starts slowly; one that has not reached its point by then is killed. */
const TRACED: Range = { minMs: 2_000, maxMs: 6_000 };

/** What writes the database and its log, syncs it, and writes bodies: the first one most. */
const CALLS = [
  "pwrite64",
  "pwrite64",
  "pwrite64",
  "fdatasync",
  "write",
] as const;

/** The latest call at which a process is killed: this power of two. */
const LATEST = 10;

/** Lives that end at the n-th write, n drawn so that small ones come as often as large ones. */
export function killedAtWrites(random: Random): Life {
  return killedAt(CALLS, TRACED, random);
}

/** What writes to Redis, Discord and callers: parts at once nearly always, handshakes and short commands as one. */
const SENDS = ["writev", "writev", "writev", "sendto"] as const;

/** Whoever is started anew waits for the lease of the life before. */
const LEASED: Range = { minMs: 7_000, maxMs: 10_000 };

/** Lives that end at the n-th send to anybody: a journal in Redis is written by sends, and so is everything to callers and to Discord. */
export function killedAtSends(random: Random): Life {
  return killedAt(SENDS, LEASED, random);
}

function killedAt(
  calls: readonly [string, ...string[]],
  span: Range,
  random: Random,
): Life {
  const call = drawFrom(random, calls) ?? calls[0];
  const n = Math.floor(2 ** (random() * LATEST));
  return {
    ms: drawMs(random, span),
    fault: { call, what: `signal=KILL:when=${n}` },
  };
}

/** Those of its opening apart, which a journal with a long log has 300 of: on this disk none is ever copied. */
const OPEN_AFTER = 400;

/** Lives on a disk that has no room or fails, now and then, until signal 9. */
export function onAFailingDisk(random: Random): Life {
  const errno = drawFrom(random, ["ENOSPC", "EIO"]);
  const first = OPEN_AFTER + Math.floor(random() * OPEN_AFTER);
  const every = 10 + Math.floor(random() * 50);
  const what = `error=${errno}:when=${first}+${every}`;
  return { ms: drawMs(random, TRACED), fault: { call: "pwrite64", what } };
}

function drawFrom<T>(random: Random, values: readonly T[]): T | undefined {
  return values[Math.floor(random() * values.length)];
}
