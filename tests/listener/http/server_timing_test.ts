import assert from "node:assert/strict";
import { serverTimingOf } from "../../../rest/listener/http/server_timing.ts";

const CASES = [
  [undefined, "queue;dur=0"],
  [
    { waitMs: 0.3, reason: undefined, discordMs: 80.6 },
    "queue;dur=0, discord;dur=81",
  ],
  [
    { waitMs: 1_200, reason: "bucket", discordMs: 80, attempts: 1 },
    'queue;dur=1200;desc="bucket", discord;dur=80',
  ],
  [
    { waitMs: 5, reason: "retry", discordMs: 9, attempts: 2 },
    'queue;dur=5;desc="retry", discord;dur=9, attempts;desc="2"',
  ],
  [{ waitMs: 240_000, reason: "global" }, 'queue;dur=240000;desc="global"'],
] as const;

for (const [timing, text] of CASES) {
  Deno.test(`Server-Timing says ${text}`, () => {
    assert.equal(serverTimingOf(timing), text);
  });
}
