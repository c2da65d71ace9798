/** docs/moving.md, step by step: from another proxy to this one and back, under load, seen by callers that never try twice. */
import assert from "node:assert/strict";
import { type Subject, SUBJECTS } from "../../bench/subjects.ts";
import { startSim } from "../../sim/server.ts";
import { post } from "./_callers.ts";
import { hasPython, startProcesses, TOKEN } from "./_held_socket.ts";
import { KEY } from "./_held_upstream.ts";

const SHARDS = 10;
/** Together 40 a second, below the global limit; each channel takes five a second. */
const PAUSE_MS = 250;
const STEP_MS = 200;

/** One shard: where it sends, and what came of all it sent. */
class Shard {
  readonly channel: string;
  readonly outcomes: string[] = [];
  origin: string;
  key: string;

  constructor(id: number, origin: string, key: string) {
    this.channel = `/channels/9000000000000000${10 + id}/messages`;
    this.origin = origin;
    this.key = key;
  }

  async run(isOver: () => boolean): Promise<void> {
    for (let at = 1; !isOver(); at++) {
      const url = `${this.origin}/api/v10${this.channel}`;
      this.outcomes.push(await post(url, at, this.key));
      await pause(PAUSE_MS);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

for (const name of ["djs_proxy", "nirn"]) {
  const subject = SUBJECTS.find((one) => one.name === name);
  Deno.test({
    name:
      `a bot moves from ${name} to this one and back, shard by shard, without a call that fails`,
    // nirn-proxy is no package: it is tried where BENCH_NIRN names its binary.
    ignore: !hasPython() || subject === undefined ||
      subject.missing !== undefined,
    fn: () => moveFrom(subject as Subject),
  });
}

async function moveFrom(subject: Subject): Promise<void> {
  const rule = {
    match: "POST /channels/{c}/messages",
    limit: 5,
    periodMs: 1_000,
  };
  await using sim = await startSim({ rules: [rule] });
  await using old = await subject.start({
    upstream: sim.url,
    globalLimit: 50,
  });
  const asBot = `Bot ${TOKEN}`;
  const shards = Array.from(
    { length: SHARDS },
    (_, id) => new Shard(id, old.url.origin, asBot),
  );
  let isOver = false;
  const running = shards.map((shard) => shard.run(() => isOver));
  await pause(STEP_MS);

  const throughOld = `${old.url.origin}/api`;
  await using processes = await startProcesses(throughOld);
  for (const shard of shards) {
    Object.assign(shard, { origin: processes.address, key: KEY });
    await pause(STEP_MS);
  }
  await processes.restart(sim.url);
  await pause(5 * STEP_MS);
  const moved = sim.requests().length;

  await processes.restart(throughOld);
  for (const shard of shards) {
    Object.assign(shard, { origin: old.url.origin, key: asBot });
    await pause(STEP_MS);
  }
  isOver = true;
  await Promise.all(running);

  const failures = shards.flatMap(({ outcomes }) =>
    outcomes.filter((outcome) => outcome !== "answered")
  );
  assert.deepEqual(failures, []);
  assert.ok(moved >= SHARDS * 5, `${moved} calls had come by then`);
  const report = sim.audit.report();
  assert.deepEqual(report.doubled, []);
  assert.deepEqual(report.reordered, []);
  const limited = Object.values(report.limited).reduce((sum, n) => sum + n);
  assert.equal(limited, 0);
  // nirn-proxy asks for itself, too.
  const came = sim.requests()
    .filter(({ executed, method }) => executed && method === "POST").length;
  const sent = shards.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
  assert.equal(came, sent);
}
