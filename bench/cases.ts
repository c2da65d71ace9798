import { type BenchCase, NEAR, WIDE } from "./bench_case.ts";
import { commonCases, secondCases } from "./hidden_cases.ts";
import {
  callbacks,
  channelReads,
  edits,
  headerlessReads,
  messageReads,
  messages,
  reactions,
  renames,
  roleChanges,
  type Shot,
  urgentRead,
} from "./shots.ts";

/** Discord counts arrivals, and requests sent at an even pace may not arrive at one. */
const SHAKEN = { ...NEAR, latencyIn: { minMs: 0, maxMs: 20 } } as const;

/**
 * "At once" where order counts. A listener reads sockets that are ready
 * together in any order (of 500 written in one go Deno.serve saw half late),
 * so that within one instant there is no order to keep. At this pace 20
 * channels have 5 ms between two messages of one, and all are here in 125 ms.
 */
const APART_MS = 0.25;

/** All of a large burst within a second; two messages of one channel are 200 ms apart. */
const BURST_APART_MS = 0.2;

const MESSAGES = "POST /channels/{c}/messages";
const REACTION = "/channels/{c}/messages/{m}/reactions/{e}/@me";

const REACTION_RULES = ["PUT", "DELETE"].map((method) => ({
  match: `${method} ${REACTION}`,
  limit: 1,
  periodMs: 250,
  bucket: "reactions",
}));

/** The rules that the cases are about stand here, so that a row can be read without the simulator's table. */
export const CASES: readonly BenchCase[] = [
  {
    name: "one_channel",
    about: "12 messages at once, one sliding 5-per-5-s channel",
    idealMs: 7_050,
    reach: 1.03,
    isQuiet: true,
    sim: { ...NEAR, rules: [{ match: MESSAGES, limit: 5, periodMs: 5_000 }] },
    shots: messages({ channels: 1, each: 12 }),
  },
  {
    name: "many_channels",
    about: "20 channels x 25 messages at once",
    idealMs: 20_050,
    reach: 1.03,
    isQuiet: true,
    sim: { ...NEAR, rules: [{ match: MESSAGES, limit: 5, periodMs: 5_000 }] },
    isOrdered: true,
    shots: messages({ channels: 20, each: 25, apartMs: APART_MS }),
  },
  {
    name: "handed_over",
    about: "4 channels x 15 messages, 3 ms apart, answers 10 to 110 ms",
    idealMs: 10_100,
    reach: 1.03,
    isQuiet: true,
    sim: {
      latencyOut: { minMs: 10, maxMs: 110 },
      rules: [{ match: MESSAGES, limit: 5, periodMs: 5_000 }],
    },
    isOrdered: true,
    shots: messages({ channels: 4, each: 15, apartMs: 3 }),
  },
  ...globalCases(),
  {
    name: "one_route",
    about: "30 reads of one sliding 10-per-5-s route",
    idealMs: 10_050,
    reach: 1.03,
    isQuiet: true,
    sim: {
      ...NEAR,
      rules: [{
        match: "GET /channels/{c}/messages/{m}",
        limit: 10,
        periodMs: 5_000,
      }],
    },
    shots: messageReads(30),
  },
  {
    name: "reactions",
    about: "40 PUT and DELETE reactions in turn, one 1-per-250-ms bucket",
    idealMs: 9_800,
    reach: 1.03,
    isQuiet: true,
    sim: { ...NEAR, rules: REACTION_RULES },
    shots: reactions(40),
  },
  {
    name: "reactions_far",
    about: "the same with 25 ms in and 25 ms out",
    idealMs: 9_800,
    reach: 1.12,
    isQuiet: true,
    sim: {
      latencyIn: { minMs: 25, maxMs: 25 },
      latencyOut: { minMs: 25, maxMs: 25 },
      rules: REACTION_RULES,
    },
    shots: reactions(40),
  },
  {
    name: "headerless",
    about: "100 reads of one route known to be header-less",
    idealMs: 1_050,
    reach: 1.1,
    isQuiet: true,
    sim: {
      ...NEAR,
      rules: [{ match: "GET /invites/{code}", headerless: true }],
    },
    // Only an answer tells whether a route has a limit: one read, long before.
    warmUp: { volleys: [headerlessReads(1)], restMs: 1_500 },
    shots: headerlessReads(100),
  },
  {
    name: "roles",
    about: "25 role changes, fixed 10 per 10 s",
    idealMs: 20_050,
    reach: 1.03,
    isQuiet: true,
    sim: {
      ...NEAR,
      rules: [{
        match: "PUT /guilds/{g}/members/{u}/roles/{r}",
        limit: 10,
        periodMs: 10_000,
        kind: "fixed",
      }],
    },
    shots: roleChanges(25),
  },
  {
    name: "callbacks",
    about: "400 interaction callbacks while 600 reads wait",
    idealMs: 100,
    reach: 3,
    isQuiet: true,
    sim: NEAR,
    background: { shots: channelReads(600), headStartMs: 500 },
    shots: callbacks(400),
  },
  {
    name: "renames",
    about: "3 edits of other fields while a third rename waits 10 minutes",
    idealMs: 200,
    reach: 2.5,
    // The third rename has to meet the hidden limit to learn of it.
    isQuiet: false,
    sim: {
      ...NEAR,
      rules: [{
        match: "PATCH /channels/{c}",
        limits: [WIDE, {
          limit: 2,
          periodMs: 600_000,
          kind: "fixed",
          isHidden: true,
          name: "channel name",
          field: "name",
        }],
      }],
    },
    warmUp: { volleys: [renames(2)], restMs: 0 },
    background: { shots: renames(1), headStartMs: 500 },
    shots: edits(3),
  },
  {
    name: "faults",
    about: "200 reads, 5 % shared 429s (0.3 s), 3 % 502s",
    idealMs: 4_050,
    reach: 1.3,
    isQuiet: false,
    sim: {
      ...NEAR,
      faults: [
        {
          probability: 0.05,
          fault: { kind: "limited", scope: "shared", retryAfterMs: 300 },
        },
        { probability: 0.03, fault: { kind: "status", status: 502 } },
      ],
    },
    shots: channelReads(200),
  },
  {
    name: "new_channels",
    about: "1,000 new channels of a learnt hash, 5 messages each, 1,000/s",
    idealMs: 4_050,
    reach: 1.1,
    isQuiet: true,
    isOrdered: true,
    sim: { ...NEAR, rules: [{ match: MESSAGES, limit: 5, periodMs: 5_000 }] },
    globalLimit: 1_000,
    // The same before, in other channels: whoever has learnt a hash has been at
    // work, and a compiler takes half a minute of it. The rest is longer than
    // the hash's period: from then on an unseen channel is full.
    warmUp: {
      volleys: Array.from({ length: 6 }, (_, index) => burst(index + 1)),
      restMs: 6_000,
    },
    shots: burst(0),
  },
  ...commonCases(),
  ...secondCases(),
  {
    name: "urgent",
    about: "one read of urgency 0 while 600 others wait for the global limit",
    // At once when the next second's tokens are there.
    idealMs: 650,
    reach: 1.4,
    isQuiet: true,
    sim: NEAR,
    background: { shots: channelReads(600), headStartMs: 500 },
    shots: urgentRead(),
  },
];

/** Five messages in each of 1,000 channels, which no other burst has. */
function burst(number: number): Shot[] {
  return messages({
    channels: 1_000,
    each: 5,
    apartMs: BURST_APART_MS,
    firstChannel: 1_000 * number,
  });
}

/** The global limit in each way that Discord may count it: where its windows begin is not documented. */
function globalCases(): BenchCase[] {
  const worlds = [
    ["global_first", "windows from the first request", "fixed_first", NEAR],
    ["global_clock", "windows on the server's clock", "fixed_clock", NEAR],
    ["global_sliding", "a sliding window", "sliding", NEAR],
    [
      "global_clock_shaken",
      "windows on the server's clock, 0 to 20 ms in",
      "fixed_clock",
      SHAKEN,
    ],
    [
      "global_sliding_shaken",
      "a sliding window, 0 to 20 ms in",
      "sliding",
      SHAKEN,
    ],
  ] as const;
  return worlds.map(([name, about, window, latency]) => ({
    name,
    about: `600 reads of 600 channels, 50/s, ${about}`,
    idealMs: 11_050,
    reach: 1.06,
    isQuiet: true,
    sim: { ...latency, globalLimit: { limit: 50, periodMs: 1_000, window } },
    shots: channelReads(600),
  }));
}
