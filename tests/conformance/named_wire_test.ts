/** What HTTP has of REP's promises (I8, D4), over real sockets through the real proxy. */
import assert from "node:assert/strict";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { GatedDiscord } from "./_gated_discord.ts";

const PATH = "/channels/9/messages";

/** The proxy before a Discord that answers when told. */
interface Gated extends AsyncDisposable {
  readonly discord: GatedDiscord;
  ask(options?: AskOptions): Promise<Answer>;
}

interface AskOptions {
  readonly method?: string;
  readonly path?: string;
  readonly content?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- JSON, looked into member by member.
  readonly body: any;
}

async function gated(): Promise<Gated> {
  const discord = new GatedDiscord();
  const proxy = await startTestProxy({ env: { REST_UPSTREAM: discord.url } });
  return {
    discord,
    ask: (options) => ask(proxy, options),
    async [Symbol.asyncDispose]() {
      await discord[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Posts a message unless told otherwise. */
async function ask(
  proxy: Pick<TestProxy, "url">,
  options: AskOptions = {},
): Promise<Answer> {
  const { method = "POST", path = PATH, content = "hi", headers } = options;
  const response = await fetch(`${proxy.url}${path}`, {
    method,
    headers: {
      authorization: KEY,
      "content-type": "application/json",
      ...headers,
    },
    body: method === "POST" ? JSON.stringify({ content }) : null,
    ...options.signal && { signal: options.signal },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

const KEYED = { "idempotency-key": "order-7" };
const ASYNC = { prefer: "respond-async" };

/** Asks until it is no 202 any more. */
async function settled(
  gate: Gated,
  place: string,
): Promise<Answer> {
  for (;;) {
    const answer = await gate.ask({ method: "GET", path: place });
    if (answer.status !== 202) return answer;
  }
}

Deno.test("I8: two callers with one key get one answer of one call, a third gets it from memory", async () => {
  await using gate = await gated();
  const first = gate.ask({ headers: KEYED });
  const second = gate.ask({ headers: KEYED });
  await gate.discord.arrived(1);
  gate.discord.open();
  const answers = [await first, await second];
  answers.push(await gate.ask({ headers: KEYED }));
  for (const { status, body } of answers) {
    assert.equal(status, 200);
    assert.equal(body.id, "1");
  }
  assert.equal(gate.discord.calls.length, 1);
});

Deno.test("I8: a caller that gave up finds the answer of its own call when it asks again", async () => {
  await using gate = await gated();
  const leaving = new AbortController();
  const left = gate.ask({ headers: KEYED, signal: leaving.signal });
  await gate.discord.arrived(1);
  leaving.abort();
  await assert.rejects(left, { name: "AbortError" });
  const again = gate.ask({ headers: KEYED });
  gate.discord.open();
  assert.equal((await again).body.id, "1");
  assert.equal(gate.discord.calls.length, 1);
});

Deno.test("I8: the key of another request gets 422, signed by the proxy and not sent", async () => {
  await using gate = await gated();
  gate.discord.open();
  await gate.ask({ headers: KEYED });
  const other = await gate.ask({ headers: KEYED, content: "bye" });
  assert.equal(other.status, 422);
  assert.equal(other.headers.get("x-rest-proxy"), "key_reused");
  assert.deepEqual([other.body.code, other.body.sent], ["key_reused", false]);
  assert.equal(gate.discord.calls.length, 1);
});

Deno.test("D4: respond-async is 202 at once, 202 while Discord is asked, then Discord's own answer", async () => {
  await using gate = await gated();
  const taken = await gate.ask({ headers: ASYNC });
  assert.equal(taken.status, 202);
  assert.equal(taken.headers.get("preference-applied"), "respond-async");
  const place = taken.headers.get("location") ?? "";
  assert.match(place, /^\/_rep\/requests\/[\w-]+$/);
  await gate.discord.arrived(1);
  const early = await gate.ask({ method: "GET", path: place });
  assert.equal(early.status, 202);
  gate.discord.open();
  const answer = await settled(gate, place);
  assert.deepEqual(
    [answer.status, answer.body.id, answer.headers.get("x-rest-proxy")],
    [200, "1", null],
  );
  assert.deepEqual(gate.discord.calls, [
    'POST /api/v10/channels/9/messages {"content":"hi"}',
  ]);
});

Deno.test("D4: nobody without the key learns of a kept request", async () => {
  await using gate = await gated();
  const taken = await gate.ask({ headers: ASYNC });
  const path = taken.headers.get("location") ?? "";
  for (const method of ["GET", "DELETE"]) {
    const answer = await gate.ask({
      method,
      path,
      headers: { authorization: "a-key-that-opens-nothing" },
    });
    assert.equal(answer.status, 401);
  }
});

Deno.test("D4: DELETE takes back what waits in line, and Discord never hears of it", async () => {
  await using gate = await gated();
  // Messages of one channel go one after the other: the second has to wait.
  const first = await gate.ask({ headers: ASYNC });
  await gate.discord.arrived(1);
  const second = await gate.ask({ headers: ASYNC, content: "second" });
  const path = second.headers.get("location") ?? "";
  const cancelled = await gate.ask({ method: "DELETE", path });
  assert.deepEqual(cancelled.body, { cancelled: true });
  const gone = await settled(gate, path);
  assert.deepEqual([gone.status, gone.body.code], [499, "cancelled"]);
  gate.discord.open();
  await settled(gate, first.headers.get("location") ?? "");
  assert.equal(gate.discord.calls.length, 1);
});

Deno.test("D4: DELETE does not take back what Discord is being asked", async () => {
  await using gate = await gated();
  const taken = await gate.ask({ headers: ASYNC });
  const path = taken.headers.get("location") ?? "";
  await gate.discord.arrived(1);
  const kept = await gate.ask({ method: "DELETE", path });
  assert.deepEqual(kept.body, { cancelled: false, state: "sent" });
  gate.discord.open();
  assert.equal((await settled(gate, path)).status, 200);
});
