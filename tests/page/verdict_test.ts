import assert from "node:assert/strict";
import { verdictOf } from "../../page/verdict.ts";
import type {
  LineRow,
  PageFigures,
  Point,
  Reading,
} from "../../rest/metrics/types.ts";

const BOT = {
  bot: "main",
  waiting: 0,
  inFlight: 0,
  oldestWaitMs: 0,
  globalLimit: 50,
  globalUsed: 10,
  isTokenRejected: false,
};

const POINT: Point = {
  atMs: 1,
  sent: 5,
  waiting: 0,
  limited: 0,
  queueP95Ms: 1,
  discordP95Ms: 78,
  globalShare: 0.2,
};

const LINE: LineRow = {
  id: "a",
  bot: "main",
  label: "POST /channels/{channel_id}/messages",
  major: "123456789012345678",
  waiting: 211,
  inFlight: 1,
  oldestWaitMs: 40_000,
  reason: "bucket",
  nextInMs: 500,
  clearInMs: 211_000,
  isPaused: false,
};

interface Change {
  readonly reading?: Partial<Reading>;
  readonly points?: readonly Point[];
  readonly lines?: readonly LineRow[];
}

const SITUATIONS: ReadonlyArray<
  readonly [Change, "good" | "busy" | "bad", string]
> = [
  [
    { points: [] },
    "good",
    "All quiet: nothing waits, and nothing has been sent lately.",
  ],
  [{}, "good", "All well: requests leave at once. Discord is fine (78 ms)."],
  [
    { points: [{ ...POINT, discordP95Ms: 4_200 }] },
    "busy",
    "Nothing waits here, but Discord is slow (4.2 s).",
  ],
  [
    { reading: { waiting: 240 }, lines: [LINE] },
    "busy",
    "One limit is hot: 211 requests wait for POST /channels/{channel_id}/messages in 1234…5678, clear in 4 min. Discord is fine (78 ms).",
  ],
  [
    {
      reading: {
        waiting: 900,
        oldestWaitMs: 12_000,
        reasons: { global: 800, bucket: 100 },
      },
      lines: [{ ...LINE, waiting: 100 }],
    },
    "busy",
    "900 requests wait, most of them for the global limit, the oldest for 12 s. Discord is fine (78 ms).",
  ],
  [
    { reading: { waiting: 2, oldestWaitMs: 15_001, reasons: { order: 2 } } },
    "busy",
    "The oldest request has waited for 15 s. Discord is fine (78 ms).",
  ],
  [
    { reading: { waiting: 2, oldestWaitMs: 15_000, reasons: { order: 2 } } },
    "good",
    "All well: 2 requests wait for a moment. Discord is fine (78 ms).",
  ],
  [
    {
      reading: { waiting: 3 },
      lines: [{ ...LINE, waiting: 3, isPaused: true }],
    },
    "busy",
    "1 line paused by an operator; 3 requests waiting. Discord is fine (78 ms).",
  ],
  [
    { reading: { loopLagMs: 800 } },
    "bad",
    "This process is short of breath: its event loop was 800 ms late. Discord is fine (78 ms).",
  ],
  [
    { reading: { invalid: { count: 7_200, ceiling: 9_000 } } },
    "bad",
    "7200 of 9000 invalid requests are spent: routes that keep failing are held, so that Discord does not block this address.",
  ],
  [
    {
      reading: { bots: [BOT, { ...BOT, bot: "music", isTokenRejected: true }] },
    },
    "bad",
    "Discord rejects the token of music: set a valid one; it is asked again every minute.",
  ],
  [
    { reading: { breaker: "open", breakerForMs: 42_000, waiting: 500 } },
    "bad",
    "Cloudflare blocks this address: nothing is sent, the next try is in 42 s.",
  ],
  [
    { reading: { isDraining: true, waiting: 1, breaker: "open" } },
    "bad",
    "Draining: 1 request left, nothing new is taken.",
  ],
];

for (const [change, tone, text] of SITUATIONS) {
  Deno.test(`the verdict is: ${text}`, () => {
    assert.deepEqual(verdictOf(figuresOf(change)), { tone, text });
  });
}

function figuresOf({ reading, points, lines }: Change): PageFigures {
  return {
    reading: {
      atMs: 1,
      version: "1.0.0",
      startedAtMs: 0,
      isDraining: false,
      waiting: 0,
      inFlight: 0,
      waitingBytes: 0,
      oldestWaitMs: 0,
      longestLine: 0,
      reasons: {},
      bots: [BOT],
      invalid: { count: 0, ceiling: 9_000 },
      breaker: "closed",
      breakerForMs: undefined,
      rep: { sessions: 0, connections: 0, mailboxReplies: 0 },
      upstreamConnections: 1,
      loopLagMs: 2,
      memoryBytes: 1,
      cpuSeconds: 1,
      ...reading,
    },
    limitedByScope: {},
    points: points ?? [POINT],
    lines: lines ?? [],
    routes: [],
    callers: [],
    incidents: [],
  };
}
