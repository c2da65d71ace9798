import assert from "node:assert/strict";
import type { NotedFrame, NotedReply } from "../../tools/chaos/reply_log.ts";
import { sentAgainBehind } from "../../tools/chaos/sent_again.ts";
import { problemsOf } from "../../tools/chaos/verdict.ts";

/** `+2`: message 2 went out; `-2`: it was refused. */
function framesOf(text: string): NotedFrame[] {
  return text.split(" ").map((word) => ({
    frame: word.startsWith("+") ? "sent" : "refused",
    number: Number(word.slice(1)),
  }));
}

/** Replies to messages in the order in which Discord made them; `?`: nobody knows. */
function repliesOf(text: string): NotedReply[] {
  return text.split(" ").map((word, at) =>
    word.startsWith("?")
      ? { ...UNKNOWN, number: Number(word.slice(1)) }
      : { ...MADE, number: Number(word), id: String(100 + at) }
  );
}

const MADE = { status: 200, wasMissed: false };
const UNKNOWN = {
  status: 408,
  id: null,
  wasMissed: false,
  code: "outcome_unknown",
};

const MARK = "9001 bot-1 2";

const CASES: ReadonlyArray<
  readonly [
    claim: string,
    frames: string,
    made: string,
    isBehind: boolean,
  ]
> = [
  [
    "a message that was refused and sent again behind what had gone out by then had to be behind it",
    "+1 +2 +3 +4 -2 +2",
    "1 3 4 2",
    true,
  ],
  [
    "refused twice, a message is behind what had gone out when it was sent last",
    "+1 +2 +3 -2 +2 +4 -2 +2",
    "1 3 4 2",
    true,
  ],
  [
    "of two that were refused each is behind what had gone out by then",
    "+1 +2 +3 +4 -2 -3 +2 +3",
    "1 4 2 3",
    true,
  ],
  [
    "a message that was accepted is behind no later one",
    "+1 +2 +3 +4",
    "1 3 4 2",
    false,
  ],
  [
    "a message that was refused is not behind one that went out after it was sent again",
    "+1 +2 +3 -2 +2 +4",
    "1 3 4 2",
    false,
  ],
  [
    "a message that was refused is not behind one that was refused, too, and went out again after it",
    "+1 +2 +3 -2 -3 +2 +3",
    "1 3 2",
    false,
  ],
  [
    "the refusal of another message excuses none",
    "+1 +2 +3 +4 -3 +3",
    "1 4 3 2",
    false,
  ],
  [
    "sent again without a refusal, as after a cut, a message keeps its place",
    "+1 +2 +3 +2 +3",
    "1 3 2",
    false,
  ],
  [
    "where one that went out later may have been made before it, nobody can tell",
    "+1 +2 +3 -2 +2 +4",
    "1 3 ?4 2",
    false,
  ],
  [
    "a message that was refused and of which nobody knows is excused by nothing",
    "+1 +2 +3 -2 +2",
    "1 3 ?2",
    false,
  ],
];

for (const [claim, frames, made, isBehind] of CASES) {
  Deno.test(`sentAgainBehind(): ${claim}`, () => {
    const sender = { frames: framesOf(frames), replies: repliesOf(made) };
    const behind = sentAgainBehind([{ name: "bot-1", ...sender }], [MARK]);
    assert.deepEqual([...behind], isBehind ? [MARK] : []);
  });
}

Deno.test("sentAgainBehind() looks at the bot whose message it is", () => {
  const refused = { frames: framesOf("+1 +2 +3 -2 +2"), replies: [] };
  const behind = sentAgainBehind([
    { name: "bot-1", replies: repliesOf("1 3 2") },
    { name: "bot-11", ...refused, replies: repliesOf("1 3 2") },
  ], [MARK, "9002 bot-11 2", "9003 bot-2 2"]);
  assert.deepEqual([...behind], ["9002 bot-11 2"]);
});

for (
  const [frames, told] of [["+1 +2 +3 -2 +2", 0], ["+1 +2 +3", 1]] as const
) {
  Deno.test(`problemsOf() tells of ${told} messages out of order, and as many replies, after ${frames}`, () => {
    const bot = {
      name: "bot-1",
      messages: 3,
      kills: 1,
      isDone: true,
      failures: [],
      frames: framesOf(frames),
      replies: repliesOf("1 3 2"),
    };
    const report = { lost: [], doubled: [], reordered: [MARK], unexpected: [] };
    const problems = problemsOf({ bots: [bot], report, faults: [] });
    assert.deepEqual(
      problems,
      told === 0 ? [] : [
        `1 messages out of order: ${MARK}`,
        "1 bot-1: replies that are another message's: 3",
      ],
    );
  });
}
