import assert from "node:assert/strict";
import { verdictOf } from "../../page/verdict.ts";
import type {
  ClusterReading,
  LineRow,
  PageFigures,
  Point,
  Reading,
} from "../../rest/metrics/types.ts";

const NOW_MS = 1_700_000_000_000;

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
  atMs: NOW_MS - 500,
  sent: 5,
  waiting: 0,
  limited: 0,
  queueP95Ms: 1,
  discordP95Ms: 78,
  answered: 5,
  failed: 0,
  unanswered: 0,
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

const PEER = { url: "http://b:8001", silentMs: 400, isAnswering: true };
const AWAY = { bot: "main", owner: "peer", url: PEER.url } as const;
const NOBODYS = { bot: "main", owner: "nobody" } as const;

/** This proxy sends for the bot, beside another one. */
function clusterOf(change: Partial<ClusterReading> = {}): Change {
  return {
    reading: {
      cluster: {
        owned: 30,
        scopes: 64,
        peers: [PEER],
        isStoreAway: false,
        bots: [{ bot: "main", owner: "self" }],
        door: { waiting: 0, handedOn: 0 },
        ...change,
      },
    },
  };
}

const AMONG_PROXIES: typeof SITUATIONS = [
  [
    clusterOf({ bots: [AWAY] }),
    "good",
    "This proxy is a door: other proxies send for main; none is under way.",
  ],
  [
    clusterOf({
      bots: ["main", "music", "mod", "test"].map((bot) => ({ ...AWAY, bot })),
      door: { waiting: 0, handedOn: 12 },
    }),
    "good",
    "This proxy is a door: other proxies send for main and 3 other bots; 12 requests under way.",
  ],
  [
    clusterOf({ isStoreAway: true }),
    "busy",
    "Redis does not answer: all proxies agree to go on as they are, and what has to outlive one of them is refused with 503.",
  ],
  [
    clusterOf({
      isStoreAway: true,
      owned: 0,
      bots: [NOBODYS],
      door: { waiting: 7, handedOn: 0 },
    }),
    "bad",
    "Nobody sends for main: Redis does not answer, and not all proxies agree to go on without it. 7 requests wait here.",
  ],
  [
    clusterOf({
      bots: [{ bot: "music", owner: "self" }, NOBODYS],
      door: { waiting: 1, handedOn: 0 },
    }),
    "bad",
    "Nobody sends for main: the next proxy takes over within seconds. 1 request waits here.",
  ],
  [
    clusterOf({
      bots: [AWAY],
      peers: [{ ...PEER, isAnswering: false }],
      door: { waiting: 3, handedOn: 0 },
    }),
    "bad",
    "The proxy that sends for main does not answer this one at http://b:8001: 3 requests wait here.",
  ],
  [
    clusterOf({
      peers: [PEER, { ...PEER, url: "http://c:8001", isAnswering: false }],
    }),
    "busy",
    "1 of 2 other proxies does not answer this one (http://c:8001): a bot that moves there would wait.",
  ],
];

const SITUATIONS: ReadonlyArray<
  readonly [Change, "good" | "busy" | "bad", string]
> = [
  [
    { points: [] },
    "good",
    "All quiet: nothing waits, and nothing has been sent lately.",
  ],
  [
    { points: [{ ...POINT, atMs: NOW_MS - 60_001 }] },
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
      reading: { waiting: 240 },
      lines: [{ ...LINE, major: "", clearInMs: undefined }],
    },
    "busy",
    "One limit is hot: 211 requests wait for POST /channels/{channel_id}/messages. Discord is fine (78 ms).",
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
    "2 requests wait for their order, the oldest for 15 s. Discord is fine (78 ms).",
  ],
  [
    { reading: { waiting: 2, oldestWaitMs: 15_000, reasons: { order: 2 } } },
    "good",
    "2 requests wait for their order, the oldest for 15 s; nothing is stuck. Discord is fine (78 ms).",
  ],
  [
    { reading: { waiting: 11, oldestWaitMs: 5_800, reasons: { bucket: 11 } } },
    "good",
    "11 requests wait for their limits, the oldest for 5.8 s; nothing is stuck. Discord is fine (78 ms).",
  ],
  [
    {
      reading: {
        waiting: 11,
        oldestWaitMs: 900,
        reasons: { retry: 9, bucket: 2 },
      },
    },
    "good",
    "11 requests wait, most of them for their retry, the oldest for 900 ms; nothing is stuck. Discord is fine (78 ms).",
  ],
  [
    {
      reading: { waiting: 1, oldestWaitMs: 300, reasons: { first_answer: 1 } },
      points: [{ ...POINT, discordP95Ms: 4_200 }],
    },
    "busy",
    "1 request waits for its limits, for 300 ms, and Discord is slow (4.2 s).",
  ],
  [
    {
      reading: { waiting: 30 },
      lines: [{ ...LINE, waiting: 30 }],
      points: Array(5).fill({ ...POINT, failed: 5 }),
    },
    "bad",
    "Discord fails: 25 of the last 25 answers were 5xx.",
  ],
  [
    { points: Array(5).fill({ ...POINT, failed: 1 }) },
    "busy",
    "Nothing waits here, but Discord fails at times (5 of the last 25 answers were 5xx).",
  ],
  [
    {
      reading: { waiting: 12, reasons: { retry: 12 } },
      points: [{
        ...POINT,
        answered: 0,
        unanswered: 7,
        discordP95Ms: undefined,
      }],
    },
    "bad",
    "Discord fails: 7 of the last 7 requests got no answer.",
  ],
  [
    { points: [{ ...POINT, failed: 3, unanswered: 1 }] },
    "bad",
    "Discord fails: 4 of the last 6 requests got a 5xx or no answer.",
  ],
  [
    { points: [{ ...POINT, failed: 2 }] },
    "good",
    "All well: requests leave at once. Discord is fine (78 ms).",
  ],
  [
    { points: [{ ...POINT, answered: undefined, failed: undefined }] },
    "good",
    "All well: requests leave at once. Discord is fine (78 ms).",
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
    "Draining: 1 request left, then the proxy ends.",
  ],
];

for (const [change, tone, text] of [...SITUATIONS, ...AMONG_PROXIES]) {
  Deno.test(`the verdict is: ${text}`, () => {
    assert.deepEqual(verdictOf(figuresOf(change)), { tone, text });
  });
}

for (const requests of [10, 19, 20, 30, 60, 200]) {
  Deno.test(`while ${requests} requests pile up and leave one a second, the verdict turns busy at most once and good at most once`, () => {
    const tones: string[] = [];
    for (let second = 0; second <= requests; second += 0.5) {
      const waiting = Math.ceil(requests - second);
      const oldestWaitMs = waiting === 0 ? 0 : second * 1_000;
      const clearInMs = (requests - second) * 1_000;
      const line = { ...LINE, waiting, oldestWaitMs, clearInMs };
      const reading = { waiting, oldestWaitMs, reasons: { bucket: waiting } };
      const lines = waiting === 0 ? [] : [line];
      const { tone } = verdictOf(figuresOf({ reading, lines }));
      if (tones.at(-1) !== tone) tones.push(tone);
    }
    assert.match(tones.join(), /^(busy,)?good$/);
  });
}

Deno.test("among proxies that are well the verdict is that of one alone, also before the others were asked", () => {
  const alone = verdictOf(figuresOf({}));
  assert.deepEqual(verdictOf(figuresOf(clusterOf())), alone);
  const peers = [{ ...PEER, isAnswering: undefined }];
  assert.deepEqual(verdictOf(figuresOf(clusterOf({ peers }))), alone);
});

Deno.test("a journal that takes nothing new is told before what waits", () => {
  const journal = { rows: 3, bytes: 9, isFailing: true, isFull: true };
  const { tone, text } = verdictOf(figuresOf({ reading: { journal } }));
  assert.equal(tone, "bad");
  assert.match(text, /^The journal does not take new requests/);
});

Deno.test("after an outage Discord is fine again as soon as all answers of the last ten seconds are", () => {
  const toneAfter = (seconds: number) => {
    const points = Array.from({ length: 30 }, (_, n) => ({
      ...POINT,
      atMs: NOW_MS - (29 - n) * 1_000,
      failed: n < 30 - seconds ? 5 : 0,
    }));
    return verdictOf(figuresOf({ points })).tone;
  };
  assert.deepEqual([0, 4, 6, 9, 10].map(toneAfter), [
    "bad",
    "bad",
    "busy",
    "busy",
    "good",
  ]);
});

function figuresOf({ reading, points, lines }: Change): PageFigures {
  return {
    reading: {
      atMs: NOW_MS,
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
      journal: undefined,
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
    sessions: [],
  };
}
