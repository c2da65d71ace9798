/** Restarts with a journal behind a socket that a parent holds, before a Discord that keeps its limits. */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { callSteadily, postInOrder } from "./_callers.ts";
import { hasPython, startProcesses } from "./_held_socket.ts";
import { KEY } from "./_held_upstream.ts";

const RESTARTS = 3;

/** Each channel's bucket gives a request a second, so that each of these waits for its own. */
const BUSY = [1, 2, 3, 4, 5, 6, 7, 8];

/** More than a drain of three seconds can send to one channel. */
const BACKLOG = 24;
const BACKLOG_CHANNEL = 50;

/** Promised and not waited for: what a drain leaves of them is in the journal. */
async function promiseBacklog(address: string): Promise<readonly string[]> {
  const locations: string[] = [];
  for (let at = 1; at <= BACKLOG; at++) {
    const response = await fetch(
      `${address}/api/v10/channels/${BACKLOG_CHANNEL}/messages`,
      {
        method: "POST",
        headers: {
          authorization: KEY,
          "content-type": "application/json",
          prefer: "respond-async",
        },
        body: JSON.stringify({ content: `backlog ${at}` }),
      },
    );
    await response.body?.cancel();
    assert.equal(response.status, 202);
    locations.push(response.headers.get("location") ?? "");
  }
  return locations;
}

async function statusAt(address: string, location: string): Promise<number> {
  for (;;) {
    const response = await fetch(address + location, {
      headers: { authorization: KEY },
    });
    await response.body?.cancel();
    if (response.status !== 202) return response.status;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

Deno.test({
  name:
    "with a journal a caller with one call every 50 ms and no retries does not notice three restarts under load; what was promised is done by the next process, order holds in every channel, and Discord says no 429",
  ignore: !hasPython(),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "restarts-" });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const sim = stack.use(await startSim());
    const processes = stack.use(
      await startProcesses(sim.url, {
        REST_JOURNAL: `${folder}/journal.db`,
        REST_JOURNAL_WRITES: "all",
        REST_DRAIN_MS: "3000",
      }),
    );
    const { address } = processes;
    const over = new AbortController();
    const steady = callSteadily(address, over.signal);
    const busy = BUSY.map((channel) =>
      postInOrder(address, channel, over.signal)
    );
    const locations = await promiseBacklog(address);
    const sentByFirst: number[] = [];
    for (let count = 0; count < RESTARTS; count++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await processes.restart();
      sentByFirst.push(backlogIn(sim));
    }
    over.abort();
    const outcomes = (await Promise.all([steady, ...busy])).flat();
    const statuses = await Promise.all(
      locations.map((location) => statusAt(address, location)),
    );

    const failures = outcomes.filter((outcome) => outcome !== "answered");
    assert.deepEqual(failures, []);
    assert.ok(outcomes.length >= 150, `${outcomes.length} calls`);
    assert.ok(
      (sentByFirst[0] ?? BACKLOG) < BACKLOG,
      `the drain left nothing: ${sentByFirst}`,
    );
    assert.deepEqual(new Set(statuses), new Set([200]));
    const report = sim.audit.report();
    assert.equal(report.byStatus["429"], undefined);
    assert.equal(report.executed, outcomes.length + BACKLOG);
    assert.deepEqual(report.doubled, []);
    assert.deepEqual(report.reordered, []);
    assert.deepEqual(report.lost, []);
  },
});

function backlogIn(
  sim: Pick<Awaited<ReturnType<typeof startSim>>, "requests">,
): number {
  return sim.requests().filter(({ target }) =>
    target.includes(`/channels/${BACKLOG_CHANNEL}/`)
  ).length;
}
