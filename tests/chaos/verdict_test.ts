import assert from "node:assert/strict";
import type { NotedReply } from "../../tools/chaos/reply_log.ts";
import {
  type BotRecord,
  type Evidence,
  marksOf,
  problemsOf,
  refusedOf,
} from "../../tools/chaos/verdict.ts";

function repliesOf(...numbers: number[]): NotedReply[] {
  return numbers.map((number) => ({
    number,
    status: 200,
    id: String(100 + number),
    wasMissed: false,
  }));
}

function botOf(change: Partial<BotRecord> = {}): BotRecord {
  return {
    name: "bot-1",
    messages: 3,
    replies: repliesOf(1, 2, 3),
    kills: 2,
    isDone: true,
    failures: [],
    ...change,
  };
}

function evidenceOf(change: Partial<Evidence> = {}): Evidence {
  const report = { lost: [], doubled: [], reordered: [], unexpected: [] };
  return { bots: [botOf()], report, faults: [], ...change };
}

Deno.test("marksOf() lists every message of every bot", () => {
  const marks = marksOf([
    { name: "a", messages: 2 },
    { name: "b", messages: 1 },
  ]);
  assert.deepEqual(marks, ["a 1", "a 2", "b 1"]);
});

Deno.test("problemsOf() has nothing to say of a run as promised", () => {
  assert.deepEqual(problemsOf(evidenceOf()), []);
});

Deno.test("problemsOf() has nothing against replies that later lives saw again", () => {
  const bots = [botOf({ replies: repliesOf(1, 2, 2, 1, 3) })];
  assert.deepEqual(problemsOf(evidenceOf({ bots })), []);
});

for (const flaw of ["lost", "doubled", "reordered", "unexpected"] as const) {
  Deno.test(`problemsOf() tells what the auditor calls ${flaw}`, () => {
    const { report } = evidenceOf();
    const problems = problemsOf(
      evidenceOf({ report: { ...report, [flaw]: ["bot-1 2"] } }),
    );
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^1 messages .*: bot-1 2$/);
  });
}

const REFUSED = { number: 3, status: 429, id: null, wasMissed: false };

const FLAWS: ReadonlyArray<
  readonly [string, Partial<BotRecord>, string]
> = [
  [
    "has no reply to a message",
    { replies: repliesOf(1, 3) },
    "1 bot-1: messages without a reply: 2",
  ],
  [
    "saw a message refused",
    {
      replies: [...repliesOf(1, 2), REFUSED],
    },
    '1 bot-1: wrong replies: {"number":3,"status":429,"id":null,"wasMissed":false}',
  ],
  [
    "was given the replies of two messages the wrong way round",
    {
      replies: [
        ...repliesOf(1),
        ...repliesOf(3).map((reply) => ({ ...reply, number: 2 })),
        ...repliesOf(2).map((reply) => ({ ...reply, number: 3 })),
      ],
    },
    "1 bot-1: replies that are another message's: 3",
  ],
  [
    "saw two different replies to one message",
    {
      replies: [
        ...repliesOf(1, 2, 3),
        ...repliesOf(50).map((reply) => ({ ...reply, number: 2 })),
      ],
    },
    "2 bot-1: replies that are another message's: 2, 3",
  ],
  ["was not done", { isDone: false }, "bot-1: not done in time"],
  ["was never killed", { kills: 0 }, "bot-1: never killed"],
  [
    "had a process that gave up",
    { failures: ["exit 1: Uncaught"] },
    "bot-1: ended by itself: exit 1: Uncaught",
  ],
];

for (const [what, change, problem] of FLAWS) {
  Deno.test(`problemsOf() names the bot that ${what}`, () => {
    const bots = [botOf(change)];
    const lost = bots.flatMap((bot) => [...refusedOf(bot)]);
    const report = { ...evidenceOf().report, lost };
    assert.deepEqual(problemsOf(evidenceOf({ bots, report })), [problem]);
  });
}

Deno.test("problemsOf() does not call lost what its bot was told is refused", () => {
  const { report } = evidenceOf();
  const bots = [botOf({ replies: [...repliesOf(1, 2), REFUSED] })];
  const lost = { ...report, lost: ["bot-1 3"] };
  const problems = problemsOf(evidenceOf({ bots, report: lost }));
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /^1 bot-1: wrong replies/);
});

Deno.test("problemsOf() tells of a message that was made though its bot was told that it is refused", () => {
  const bots = [botOf({ replies: [...repliesOf(1, 2), REFUSED] })];
  const [told] = problemsOf(evidenceOf({ bots }));
  assert.equal(
    told,
    "1 messages Discord got, though they were told as refused: bot-1 3",
  );
});

Deno.test("problemsOf() counts what wrong replies of all bots say, whatever figures are in it", () => {
  const saying = (name: string, said: string) =>
    botOf({ name, replies: [...repliesOf(1, 2), { ...REFUSED, said }] });
  const bots = [
    saying("bot-1", "it would wait 12 s"),
    saying("bot-2", "it would wait 9 s"),
  ];
  const last = problemsOf(evidenceOf({ bots })).at(-1);
  assert.equal(last, "2 wrong replies say: it would wait # s");
});

Deno.test("problemsOf() tells what the proxy blames itself for", () => {
  assert.deepEqual(problemsOf(evidenceOf({ faults: ["a bug"] })), [
    "1 faults the proxy tells of: a bug",
  ]);
});

Deno.test("problemsOf() counts all and names the first five", () => {
  const replies = repliesOf(...Array.from({ length: 5 }, (_, n) => n + 8));
  const bots = [botOf({ messages: 12, replies })];
  assert.deepEqual(problemsOf(evidenceOf({ bots })), [
    "7 bot-1: messages without a reply: 1, 2, 3, 4, 5",
  ]);
});
