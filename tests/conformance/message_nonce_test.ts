/** Messages that an edge of Discord's makes and then denies: with a nonce each is made once, over real sockets. */
import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import type { Fault } from "../../sim/model/fault.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";

const PATH = "/api/v10/channels/9/messages";
const ADD = { REST_MESSAGE_NONCE: "add" };
const TEXT = '{"content":"ok", "flags": 12345678901234567890}';

/** It was made, and its caller hears something else. */
const DENIALS: readonly Fault[] = [
  ...[500, 502, 504, 524].map((status) =>
    ({ kind: "status", status, isExecuted: true }) as const
  ),
  { kind: "reset", isExecuted: true },
  { kind: "close", isExecuted: true },
  { kind: "nonsense", isExecuted: true },
  { kind: "cut_body" },
];

const DENIED: Fault = { kind: "status", status: 502, isExecuted: true };

function formOf(): FormData {
  const form = new FormData();
  form.append("files[0]", new Blob([new Uint8Array(3_000)]), "a.bin");
  form.append("payload_json", TEXT);
  return form;
}

async function post(
  { url }: TestProxy,
  body: BodyInit = TEXT,
  path = PATH,
): Promise<{ status: number; id: string; attempts: string | null }> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      authorization: KEY,
      ...typeof body === "string" && { "content-type": "application/json" },
    },
    body,
  });
  const attempts = response.headers.get("x-rest-attempts");
  const text = await response.text();
  const { id } = response.ok ? JSON.parse(text) : { id: "" };
  return { status: response.status, id, attempts };
}

/** How many messages were made, and how many were handed back instead. */
function made({ sim }: TestProxy): readonly [number, number] {
  const { executed, deduplicated } = sim.audit.report();
  return [executed, deduplicated];
}

for (const fault of DENIALS) {
  const what = "status" in fault ? `a ${fault.status}` : fault.kind;
  for (const body of [() => TEXT, formOf]) {
    const how = body === formOf ? "with a file" : "as JSON";
    Deno.test(`a message ${how} that was made and answered with ${what} is one message, and its caller gets the 200`, async () => {
      await using proxy = await startTestProxy({ env: ADD });
      proxy.sim.script({ fault });
      const { status, id, attempts } = await post(proxy, body());
      assert.deepEqual([status, attempts], [200, "2"]);
      assert.deepEqual(made(proxy), [1, 1]);
      assert.match(id, /^\d+$/);
    });
  }
}

Deno.test("a message whose answer never comes is sent again after the time-out, and is one message", async () => {
  await using proxy = await startTestProxy({
    env: { ...ADD, REST_UPSTREAM_TIMEOUT_MS: "1000" },
  });
  proxy.sim.script({ fault: { kind: "silence", isExecuted: true } });
  assert.equal((await post(proxy)).status, 200);
  assert.deepEqual(made(proxy), [1, 1]);
});

Deno.test("with REST_MESSAGE_NONCE=off nothing is sent again, and no byte of a body changes", async () => {
  for (const fault of DENIALS) {
    await using proxy = await startTestProxy();
    proxy.sim.script({ fault });
    const { status } = await post(proxy);
    const told = fault.kind === "status" ? fault.status : 408;
    assert.equal(status, told, fault.kind);
    const [request, ...more] = proxy.sim.requests();
    assert.equal(more.length, 0);
    assert.equal(new TextDecoder().decode(request?.body), TEXT);
  }
});

Deno.test("two messages that say the same are two, also while one of them is denied", async () => {
  await using proxy = await startTestProxy({ env: ADD });
  const first = await post(proxy);
  proxy.sim.script({ fault: DENIED });
  const [second, third] = await Promise.all([post(proxy), post(proxy)]);
  assert.deepEqual([second.status, third.status], [200, 200]);
  assert.equal(new Set([first.id, second.id, third.id]).size, 3);
  assert.deepEqual(made(proxy), [3, 1]);
});

Deno.test("a message that is denied as often as it is sent is the same one when its caller sends it again; the next is another", async () => {
  await using proxy = await startTestProxy({ env: ADD });
  proxy.sim.script({ fault: DENIED, times: 4 });
  const denied = await post(proxy);
  assert.deepEqual([denied.status, denied.attempts], [502, "4"]);
  const again = await post(proxy);
  assert.equal(again.status, 200);
  assert.deepEqual(made(proxy), [1, 4]);
  const next = await post(proxy);
  assert.notEqual(next.id, again.id);
  assert.deepEqual(made(proxy), [2, 4]);
});

Deno.test("a message that brings its own enforced nonce goes again with that, and only where REST_MESSAGE_NONCE=add", async () => {
  const own = '{"content":"ok","nonce":"mine","enforce_nonce":true}';
  await using adding = await startTestProxy({ env: ADD });
  adding.sim.script({ fault: DENIED });
  assert.equal((await post(adding, own)).status, 200);
  const bodies = adding.sim.requests().map(({ body }) =>
    new TextDecoder().decode(body)
  );
  assert.deepEqual(bodies, [own, own]);
  await using off = await startTestProxy();
  off.sim.script({ fault: DENIED });
  assert.equal((await post(off, own)).status, 502);
  assert.deepEqual(made(off), [1, 0]);
});

Deno.test("a nonce that is drawn for each call makes two messages of two calls", async () => {
  const drawing = (nonce: string) =>
    `{"content":"ok","nonce":"${nonce}","enforce_nonce":true}`;
  await using proxy = await startTestProxy({ env: ADD });
  proxy.sim.script({ fault: DENIED, times: 4 });
  assert.equal((await post(proxy, drawing("a"))).status, 502);
  assert.equal((await post(proxy, drawing("b"))).status, 200);
  assert.deepEqual(made(proxy), [2, 3]);
});

Deno.test("a message with a nonce that nobody enforces is neither changed nor sent again", async () => {
  const own = '{"content":"ok","nonce":"mine"}';
  await using proxy = await startTestProxy({ env: ADD });
  proxy.sim.script({ fault: DENIED });
  assert.equal((await post(proxy, own)).status, 502);
  assert.deepEqual(made(proxy), [1, 0]);
});

Deno.test("a webhook's message is neither changed nor sent again: Discord knows no nonce there", async () => {
  await using proxy = await startTestProxy({ env: ADD });
  proxy.sim.script({ fault: DENIED });
  const path = `/api/v10/webhooks/5/${"t".repeat(68)}?wait=true`;
  assert.equal((await post(proxy, TEXT, path)).status, 502);
  assert.deepEqual(made(proxy), [1, 0]);
});

Deno.test("I6: opts.dedupe makes one message of what is denied, whatever REST_MESSAGE_NONCE says", async () => {
  for (const env of [{}, ADD]) {
    await using proxy = await startTestProxy({ env });
    await using client = new RepClient(`ws://127.0.0.1:${proxy.port}/rep`, {
      token: KEY,
      session: "shard-0",
    });
    proxy.sim.script({ fault: DENIED });
    const data = { content: "ok" };
    const path = "/channels/9/messages";
    await client.action(path, { data, req: "a-1", dedupe: true });
    assert.deepEqual(made(proxy), [1, 1]);
    const nonces = proxy.sim.requests().map(({ body }) =>
      JSON.parse(new TextDecoder().decode(body)).nonce
    );
    assert.equal(nonces[0]?.length, 25);
    assert.equal(nonces[0], nonces[1]);
  }
});
