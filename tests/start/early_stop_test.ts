/** SIGTERM while a process still reads what the one before it has left. */
import assert from "node:assert/strict";
import { openSqliteStore } from "../../rest/journal/store/open_sqlite_store.ts";
import { KEY, TOKEN } from "../_proxy.ts";
import { driverBench, entryOf, PROMISED } from "../journal/_driver.ts";
import { CountingDiscord } from "./_crashing.ts";
import { startChild } from "./child.ts";

/** Read in some second, in which what waits is sent. */
const OUTCOMES = 20_000;

Deno.test("what is sent while outcomes of the journal are read is answered before SIGTERM ends the process", async () => {
  await using discord = new CountingDiscord();
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "journal-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const env = {
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_UPSTREAM: discord.url,
    REST_PORT: "0",
    REST_JOURNAL: `${folder}/journal.db`,
  };
  discord.hold();
  await leaveOneOf(env, discord);
  await addOutcomesTo(env.REST_JOURNAL);
  await using next = await startChild({ env });
  await discord.arrived(2);
  next.signal("SIGTERM");
  setTimeout(() => discord.release(), 500);
  const { code, out, err } = await next.ended();
  assert.equal(code, 0, out + err);
  assert.match(out + err, /Drained: .*, 0 cut off in flight/);
});

/** A process that is killed while Discord has a PUT of its. */
async function leaveOneOf(
  env: Readonly<Record<string, string>>,
  discord: CountingDiscord,
): Promise<void> {
  await using former = await startChild({ env });
  const [, url] = await former.seen(
    /Listening on (http:\/\/127\.0\.0\.1:\d+)/,
  );
  const response = await fetch(`${url}/api/v10/channels/1/pins/2`, {
    method: "PUT",
    headers: { authorization: KEY, prefer: "respond-async" },
  });
  await response.body?.cancel();
  assert.equal(response.status, 202);
  await discord.arrived(1);
  former.signal("SIGKILL");
  await former.ended();
}

async function addOutcomesTo(path: string): Promise<void> {
  const bench = driverBench();
  const answer = { status: 200, headers: [], body: undefined };
  for (let count = 0; count < OUTCOMES; count++) {
    const entry = entryOf("POST", { guarantee: PROMISED });
    bench.driver.accepted(entry);
    bench.driver.ended(entry, { kind: "answer", answer }, 86_400_000);
  }
  await bench.endTurn();
  const { store } = await openSqliteStore({
    path,
    sync: "process",
    limitBytes: 2 ** 30,
    isReset: false,
    wallMs: Date.now,
  });
  const rows = bench.rows();
  assert.equal(rows.length, OUTCOMES);
  for (const scope of new Set(rows.map(({ scope }) => scope))) {
    await store.claimEpoch(scope);
  }
  const untilWallMs = Date.now() + 86_400_000;
  await store.append(
    rows.map((row) => ({ kind: "put", row: { ...row, untilWallMs } })),
  );
  await store.close();
}
