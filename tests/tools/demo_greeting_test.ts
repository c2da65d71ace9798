import assert from "node:assert/strict";
import { greeting } from "../../tools/demo_greeting.ts";

const EXCHANGE = {
  transport: "HTTP",
  said: "POST /x",
  heard: '200 {"id":"1"}',
};
const LINK = "http://127.0.0.1:1/admin/enter?code=c";

Deno.test("the demo begins with a link, and says that it opens the page once only", () => {
  const lines = greeting([EXCHANGE], LINK);
  assert.match(lines[0] ?? "", /\(this link works once\)/);
  assert.ok(lines.includes(`  ${LINK}`));
});

Deno.test("a demo that ends by itself prints no link", () => {
  const text = greeting([EXCHANGE], undefined).join("\n");
  assert.doesNotMatch(text, /\/admin|link/);
  assert.match(text, /^Sluice demo: /);
});

Deno.test("the demo says why an answer of its Discord looks like no message", () => {
  const lines = greeting([EXCHANGE], undefined);
  const answer = lines.findIndex((line) => line.includes('< 200 {"id":"1"}'));
  assert.ok(answer > 0);
  assert.equal(
    lines[answer + 2],
    "The simulated Discord stores no messages: its answer repeats what it was asked.",
  );
});
