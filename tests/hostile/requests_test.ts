import assert from "node:assert/strict";
import type { WireResponse } from "../../tools/fuzz/response_reader.ts";
import { type Attempt, ATTEMPTS } from "./_requests.ts";
import { GOOD, type SimStand, startSimStand } from "./_stand.ts";
import { Wire } from "./_wire.ts";

for (const { attempts } of ATTEMPTS) {
  for (const attempt of attempts) {
    const { tried, cameBack } = attempt;
    Deno.test(`${tried}: ${cameBack}`, async () => {
      await using stand = await startSimStand();
      using wire = await Wire.open(stand.port, attempt.isHead);
      assert.equal(await outcomeOf(attempt, wire, stand), cameBack);
      assert.deepEqual(stand.reached(), attempt.reached ?? []);
      if (mayGoOn(attempt, wire)) await assertInStep(wire);
      await stand.assertUnharmed();
    });
  }
}

async function outcomeOf(
  attempt: Attempt,
  wire: Wire,
  stand: SimStand,
): Promise<string> {
  const { cameBack, then } = attempt;
  await wire.send(attempt.bytes(`127.0.0.1:${stand.decoyPort}`));
  if (then === "end") await wire.endSending();
  else if (then !== undefined) await stand.clock.leapOver(then.afterMs);

  const isToClose = cameBack.includes("closed");
  const isSocket = cameBack.startsWith("101");
  const count = isSocket ? 1 : cameBack.split(", ").length;
  await wire.read(isToClose ? Infinity : count);
  const isLost = attempt.isLong && wire.isClosed && wire.responses.length === 0;
  return isLost ? cameBack : tell(wire);
}

function mayGoOn(attempt: Attempt, { isClosed }: Wire): boolean {
  return !isClosed && attempt.isUnfinished !== true && attempt.isHead !== true;
}

/** A connection that lives on has to serve: both sides agree where the next request begins. */
async function assertInStep(wire: Wire): Promise<void> {
  const before = wire.responses.length;
  await wire.send(GOOD);
  await wire.read(before + 1);
  assert.equal(wire.responses[before]?.status, 200);
  assert.equal(wire.responses.length, before + 1);
}

function tell({ responses, isClosed }: Wire): string {
  const words = responses.map(tellResponse);
  if (!isClosed) return words.join(", ");
  return [...words, words.length === 0 ? "closed without an answer" : "closed"]
    .join(", ");
}

function tellResponse({ status, headers }: WireResponse): string {
  const code = headers.get("x-rest-proxy");
  if (code === undefined) {
    if (status === 101) return "101, a WebSocket";
    return headers.has("via") ? "Discord's answer" : `${status}, unsigned`;
  }
  return `${status} \`${code}\``;
}
