import assert from "node:assert/strict";
import { planAttack } from "../../tools/fuzz/attack.ts";
import {
  campaign,
  type Progress,
  SECRETS,
  startTarget,
} from "../../tools/fuzz/campaign.ts";

/** Pinned, so that every run is the same one; `deno task fuzz` draws its own. */
const SEED = 20261121;
const REQUESTS = 5_000;

Deno.test(`${REQUESTS} mutated requests break no rule of the fuzzer (seed ${SEED})`, async () => {
  await using target = await startTarget();
  const progress: Progress = {
    seed: SEED,
    sent: 0,
    connections: 0,
    reached: 0,
    statuses: new Map(),
  };
  const finding = await campaign(target, progress, REQUESTS, 48);
  assert.equal(finding, undefined);
  assert.ok(progress.sent >= REQUESTS);
  // Neither stopped at the door nor let in unseen.
  assert.ok(progress.reached > REQUESTS / 20, `${progress.reached} reached`);
  assert.ok((progress.statuses.get(400) ?? 0) > REQUESTS / 20);
});

Deno.test("a connection of the fuzzer sends the same bytes for the same seed and number, and others for another", () => {
  const plan = planAttack(SEED, 7, SECRETS);
  assert.deepEqual(planAttack(SEED, 7, SECRETS), plan);
  assert.notDeepEqual(planAttack(SEED, 8, SECRETS), plan);
  assert.notDeepEqual(planAttack(SEED + 1, 7, SECRETS), plan);
});
