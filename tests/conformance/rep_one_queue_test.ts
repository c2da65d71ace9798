/** Both transports before the limits of a simulated Discord, through the real proxy. */
import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";

const LIMIT = 5;
const PERIOD_MS = 1_000;

const ROOMY = { limit: 10_000 } as const;
const CHANNEL = {
  match: "POST /channels/{}/messages",
  limit: LIMIT,
  periodMs: PERIOD_MS,
} as const;

/** A client of each transport. */
interface Both extends AsyncDisposable {
  readonly proxy: TestProxy;
  readonly rep: RepClient;
  overHttp(method: string, path: string, data?: unknown): Promise<number>;
}

async function bothOf(
  options: Parameters<typeof startTestProxy>[0],
): Promise<Both> {
  const proxy = await startTestProxy(options);
  const rep = new RepClient(`ws://127.0.0.1:${proxy.port}/rep`, { token: KEY });
  await rep.ready;
  return {
    proxy,
    rep,
    async overHttp(method, path, data) {
      const response = await fetch(`${proxy.url}${path}`, {
        method,
        headers: { authorization: KEY, "content-type": "application/json" },
        body: data === undefined ? null : JSON.stringify(data),
      });
      await response.body?.cancel();
      return response.status;
    },
    async [Symbol.asyncDispose]() {
      await rep.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

Deno.test("C54: messages over HTTP and over REP to one channel share its bucket: Discord has no 429 to give", async () => {
  await using both = await bothOf({
    sim: { rules: [CHANNEL], globalLimit: ROOMY },
    env: { REST_GLOBAL_LIMIT: "10000" },
  });
  const path = "/channels/9/messages";
  const answers = Array.from({ length: LIMIT }, (_, n) => [
    both.overHttp("POST", path, { content: `http ${n}` }),
    both.rep.action(path, { data: { content: `rep ${n}` }, raw: true })
      .then(({ status }) => status),
  ]).flat();
  const statuses = await Promise.all(answers);
  assert.deepEqual(statuses, statuses.map(() => 200));
  assertHeld(both.proxy);
});

Deno.test("C54: reads over HTTP and over REP share the global limit: Discord has no 429 to give", async () => {
  await using both = await bothOf({
    sim: {
      rules: [{ match: "* *", headerless: true }],
      globalLimit: { limit: LIMIT, window: "sliding" },
    },
    env: { REST_GLOBAL_LIMIT: String(LIMIT) },
  });
  const answers = Array.from({ length: LIMIT }, (_, n) => [
    both.overHttp("GET", `/channels/${100 + n}`),
    both.rep.get(`/channels/${200 + n}`, { raw: true })
      .then(({ status }) => status),
  ]).flat();
  const statuses = await Promise.all(answers);
  assert.deepEqual(statuses, statuses.map(() => 200));
  assertHeld(both.proxy);
});

/** Twice the limit was asked for and executed, so that half of it had to wait. */
function assertHeld({ sim }: TestProxy): void {
  const report = sim.audit.report();
  assert.equal(report.executed, 2 * LIMIT);
  assert.equal(report.received, 2 * LIMIT);
  assert.ok(report.makespanMs >= PERIOD_MS - 50, `${report.makespanMs} ms`);
}
