import assert from "node:assert/strict";
import { type Sim, type SimOptions, startSim } from "../../sim/server.ts";
import { bodyText, RawClient, requestText, statusOf } from "./_raw.ts";

const CHANNEL = "1111111111111111111";
const POST_MESSAGE = `POST /api/v10/channels/${CHANNEL}/messages`;
const READ = `GET /api/v10/channels/${CHANNEL}`;

/** Nothing binds but what a test names. */
const FREE: SimOptions = {
  rules: [{ match: "* *", headerless: true }],
  globalLimit: { limit: 100_000 },
};

/** Sends one request on a connection of its own. */
async function once(
  sim: Sim,
  line: string,
  body = "",
): Promise<{ text: string; end: string; status: number }> {
  using client = await RawClient.open(sim.port);
  await client.send(requestText(line, body));
  const answer = await client.answer();
  return { ...answer, status: statusOf(answer) };
}

for (
  const target of [
    "/api/v10/a/../b",
    "/api/v10/a/%2e%2e/b",
    "/api/v10//double",
    "/api/v10/back\\slash",
    "/api/v10/reactions/%F0%9F%91%8D?x=%27&x='&&y",
    "/api/v10/latin/\u00e9",
  ]
) {
  Deno.test(`the target ${target} is recorded as it was sent`, async () => {
    await using sim = await startSim(FREE);
    const answer = await once(sim, `GET ${target}`);
    assert.equal(answer.status, 200);
    assert.equal(sim.requests()[0]?.target, target);
  });
}

Deno.test("header order, case, repeats and raw bytes are recorded as sent", async () => {
  await using sim = await startSim(FREE);
  using client = await RawClient.open(sim.port);
  await client.send(requestText(READ, "", [
    "authorization: Bot t",
    "X-OdD: 1",
    "X-Audit-Log-Reason: caf\u00c3\u00a0",
    "X-OdD:2",
  ]));
  await client.answer();
  assert.deepEqual(sim.requests()[0]?.headers.slice(1), [
    ["authorization", "Bot t"],
    ["X-OdD", "1"],
    ["X-Audit-Log-Reason", "caf\u00c3\u00a0"],
    ["X-OdD", "2"],
  ]);
});

Deno.test("a body is hashed and kept whether it comes with a length, in chunks or byte by byte", async () => {
  await using sim = await startSim(FREE);
  const body = '{"content":"x"}';
  const chunked = "POST /api/v10/channels/5/messages HTTP/1.1\r\n" +
    "Authorization: Bot t\r\nTransfer-Encoding: chunked\r\n\r\n" +
    `8\r\n${body.slice(0, 8)}\r\n7;x=y\r\n${
      body.slice(8)
    }\r\n0\r\nT: 1\r\n\r\n`;
  using client = await RawClient.open(sim.port);
  await client.send(requestText(POST_MESSAGE, body));
  await client.answer();
  await client.send(chunked);
  await client.answer();
  for (const letter of chunked) await client.send(letter);
  await client.answer();
  const [first, ...others] = sim.requests();
  assert.equal(first?.bodyBytes, 15);
  assert.equal(others.length, 2);
  for (const other of others) {
    assert.deepEqual(other.body, first?.body);
    assert.equal(other.bodySha256, first?.bodySha256);
  }
  assert.deepEqual(sim.requests().map((each) => each.onConnection), [1, 2, 3]);
});

Deno.test("requests sent ahead on one connection are answered in their order", async () => {
  await using sim = await startSim({
    ...FREE,
    latencyOut: { minMs: 1, maxMs: 3 },
  });
  using client = await RawClient.open(sim.port);
  const texts = Array.from(
    { length: 40 },
    (_, index) => requestText(`GET /api/v10/channels/${index}`),
  );
  await client.send(texts.join(""));
  await client.read((text) => text.split("HTTP/1.1 200").length > 40);
  assert.deepEqual(
    sim.requests().map(({ target }) => target.split("/").at(-1)),
    texts.map((_, index) => String(index)),
  );
});

Deno.test("a caller that half-closes still gets its answer", async () => {
  await using sim = await startSim({
    ...FREE,
    latencyOut: { minMs: 5, maxMs: 5 },
  });
  using client = await RawClient.open(sim.port);
  await client.send(requestText(READ));
  await client.halfClose();
  const answer = await client.rest();
  assert.equal(statusOf(answer), 200);
  assert.equal(answer.end, "closed");
});

Deno.test("a caller that is gone before its request is judged has sent it all the same", async () => {
  await using sim = await startSim({
    ...FREE,
    latencyIn: { minMs: 10, maxMs: 10 },
  });
  const client = await RawClient.open(sim.port);
  await client.send(requestText(POST_MESSAGE, '{"content":"a1"}'));
  client[Symbol.dispose]();
  await until(() => sim.requests().length === 1);
  assert.ok(sim.requests()[0]?.executed);
});

Deno.test("Expect: 100-continue is answered before the body is sent", async () => {
  await using sim = await startSim(FREE);
  using client = await RawClient.open(sim.port);
  const text = requestText(POST_MESSAGE, "{}", [
    "Authorization: Bot t",
    "Expect: 100-continue",
  ]);
  const head = text.slice(0, -2);
  const body = text.slice(-2);
  await client.send(head);
  const told = await client.read((text) => text.endsWith("\r\n\r\n"));
  assert.equal(told.text, "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send(body);
  assert.equal(statusOf(await client.answer()), 200);
});

Deno.test("bytes that are no request get 400 and the end of the connection", async () => {
  await using sim = await startSim(FREE);
  using client = await RawClient.open(sim.port);
  await client.send("hello\r\n\r\n");
  const answer = await client.rest();
  assert.equal(statusOf(answer), 400);
  assert.equal(answer.end, "closed");
  assert.deepEqual(sim.requests(), []);
});

Deno.test("a declared length beyond the limit gets 413 before the body is read", async () => {
  await using sim = await startSim({ answers: { bodyLimitBytes: 100 } });
  using client = await RawClient.open(sim.port);
  await client.send(
    `${POST_MESSAGE} HTTP/1.1\r\nAuthorization: Bot t\r\nContent-Length: 101\r\n\r\n`,
  );
  const answer = await client.rest();
  assert.equal(statusOf(answer), 413);
  assert.equal(JSON.parse(bodyText(answer)).code, 40005);
});

Deno.test("an answer is dressed as Discord's: Via, Date, cookies, exact type", async () => {
  await using sim = await startSim({ clockOffsetMs: -86_400_000 });
  const { text } = await once(sim, READ);
  const [head = ""] = text.split("\r\n\r\n");
  assert.match(head, /^via: 1\.1 google$/m);
  assert.match(head, /^Content-Type: application\/json$/m);
  assert.equal(head.match(/^set-cookie: __/gm)?.length, 3);
  assert.match(head, /^alt-svc: /m);
  assert.match(head, /^Server: cloudflare$/m);
  const dated = Date.parse(/^Date: (.*)$/m.exec(head)?.[1] ?? "");
  assert.ok(Math.abs(dated + 86_400_000 - Date.now()) < 5_000);
});

Deno.test("204 comes without Content-Length, chunks and gzip when asked", async () => {
  await using sim = await startSim(FREE);
  const none = await once(sim, `POST /api/v10/channels/${CHANNEL}/typing`);
  assert.ok(!/^content-(length|type):/im.test(none.text));
  sim.set({ answers: { framing: "chunked", isGzipped: true } });
  const response = await fetch(`${sim.url}/v10/channels/${CHANNEL}`, {
    headers: { authorization: "Bot t" },
  });
  assert.equal((await response.json()).path, `/api/v10/channels/${CHANNEL}`);
  const { text } = await once(sim, READ);
  assert.match(text, /Transfer-Encoding: chunked/);
  assert.doesNotMatch(text, /Content-Encoding/);
});

Deno.test("latency in delays the judgement, latency out the answer", async () => {
  await using sim = await startSim({
    ...FREE,
    latencyIn: { minMs: 30, maxMs: 30 },
    latencyOut: { minMs: 50, maxMs: 50 },
  });
  await once(sim, READ);
  const [record] = sim.requests();
  assert.ok(record !== undefined);
  const inMs = record.arrivedAtMs - record.receivedAtMs;
  const outMs = (record.answeredAtMs ?? 0) - record.arrivedAtMs;
  assert.ok(inMs >= 29 && inMs < 1_000, String(inMs));
  assert.ok(outMs >= 49 && outMs < 1_000, String(outMs));
});

Deno.test("answers on several connections overtake each other", async () => {
  await using sim = await startSim({
    ...FREE,
    latencyOut: { minMs: 0, maxMs: 40 },
  });
  const done: number[] = [];
  await Promise.all(Array.from({ length: 20 }, async (_, index) => {
    await once(sim, `GET /api/v10/channels/${index}`);
    done.push(index);
  }));
  const judged = sim.requests().map(({ target }) =>
    Number(target.split("/").at(-1))
  );
  assert.notDeepEqual(done, judged);
});

for (const isExecuted of [false, true]) {
  Deno.test(`a reset ${isExecuted ? "after" : "before"} execution reaches the caller as one`, async () => {
    await using sim = await startSim(FREE);
    sim.script({ fault: { kind: "reset", isExecuted } });
    const answer = await once(sim, POST_MESSAGE, '{"content":"a1"}');
    assert.deepEqual([answer.text, answer.end], ["", "reset"]);
    const [record] = sim.requests();
    assert.equal(record?.executed, isExecuted);
    assert.equal(record?.status, 0);
    assert.equal(sim.audit.report().executed, Number(isExecuted));
  });
}

Deno.test("a close on a reused connection lets the first request through and counts the second once", async () => {
  await using sim = await startSim(FREE);
  sim.script({
    match: "POST *",
    fault: { kind: "close", onlyReused: true, isExecuted: true },
  });
  using client = await RawClient.open(sim.port);
  await client.send(requestText(POST_MESSAGE, '{"content":"a1"}'));
  assert.equal(statusOf(await client.answer()), 200);
  await client.send(requestText(POST_MESSAGE, '{"content":"a2"}'));
  const answer = await client.rest();
  assert.deepEqual(answer, { text: "", end: "closed" });
  assert.deepEqual(sim.requests().map(({ mark }) => mark), ["a1", "a2"]);
});

Deno.test("silence lasts until the caller leaves", async () => {
  await using sim = await startSim(FREE);
  sim.script({ fault: { kind: "silence", isExecuted: true } });
  using client = await RawClient.open(sim.port);
  await client.send(requestText(READ));
  const late = Symbol("nothing yet");
  const answer = client.rest();
  const first = await Promise.race([answer, wait(40).then(() => late)]);
  assert.equal(first, late);
  assert.ok(sim.requests()[0]?.executed);
  assert.equal(sim.requests()[0]?.answeredAtMs, undefined);
  await client.halfClose();
  assert.deepEqual(await answer, { text: "", end: "closed" });
});

Deno.test("a slow body takes its time and comes whole", async () => {
  await using sim = await startSim(FREE);
  sim.script({ fault: { kind: "slow_body", overMs: 80 } });
  const startMs = performance.now();
  const slow = await once(sim, READ);
  assert.ok(performance.now() - startMs >= 60);
  const quick = await once(sim, READ);
  assert.equal(
    bodyText({ text: slow.text, end: "open" }),
    bodyText({ text: quick.text, end: "open" }),
  );
});

Deno.test("a cut body ends before its declared length", async () => {
  await using sim = await startSim(FREE);
  sim.script({ fault: { kind: "cut_body" } });
  const cut = await once(sim, READ);
  const length = Number(/Content-Length: (\d+)/.exec(cut.text)?.[1]);
  const body = bodyText({ text: cut.text, end: "closed" });
  assert.equal(cut.end, "closed");
  assert.ok(body.length > 0 && body.length < length);
});

Deno.test("nonsense is no HTTP", async () => {
  await using sim = await startSim(FREE);
  sim.script({ fault: { kind: "nonsense" } });
  using client = await RawClient.open(sim.port);
  await client.send(requestText(READ));
  const answer = await client.rest();
  assert.ok(answer.text.length > 0 && !answer.text.startsWith("HTTP"));
  assert.equal(answer.end, "closed");
});

Deno.test("an enforced nonce over the wire gives the same bytes and one execution", async () => {
  await using sim = await startSim(FREE);
  const body = '{"content":"a1","nonce":"n","enforce_nonce":true}';
  const first = await once(sim, POST_MESSAGE, body);
  const again = await once(sim, POST_MESSAGE, body);
  const textOf = ({ text }: { text: string }) =>
    bodyText({ text, end: "open" });
  assert.equal(textOf(again), textOf(first));
  const { executed, deduplicated, doubled } = sim.audit.report();
  assert.deepEqual([executed, deduplicated, doubled], [1, 1, []]);
});

Deno.test("options change while it runs, and reset() forgets what was counted", async () => {
  await using sim = await startSim();
  const line = POST_MESSAGE;
  for (let i = 0; i < 5; i++) await once(sim, line, "{}");
  assert.equal((await once(sim, line, "{}")).status, 429);
  sim.reset();
  assert.equal((await once(sim, line, "{}")).status, 200);
  assert.equal(sim.requests().length, 1);
  sim.set({ rules: [{ match: "* *", limit: 1, periodMs: 60_000 }] });
  await once(sim, READ);
  assert.equal((await once(sim, READ)).status, 429);
  sim.reset({ accounts: { badTokens: ["raw.token"] } });
  assert.equal((await once(sim, READ)).status, 401);
});

Deno.test("a misspelt option is an error, not another world", async () => {
  await using sim = await startSim();
  const wrong = { latencyOutMs: 5 } as SimOptions;
  await assert.rejects(() => startSim(wrong), /"latencyOutMs": there is none/);
  const nested = { globalLimit: { limits: 5 } } as SimOptions;
  assert.throws(() => sim.set(nested), /"globalLimit.limits": there is none/);
});

Deno.test("records stop at their limit while the audit goes on", async () => {
  await using sim = await startSim({ ...FREE, recordLimit: 1 });
  for (let i = 0; i < 3; i++) await once(sim, READ);
  assert.equal(sim.requests().length, 1);
  assert.equal(sim.audit.report().received, 3);
});

Deno.test("close() ends connections with requests under way", async () => {
  const sim = await startSim({
    ...FREE,
    latencyOut: { minMs: 60_000, maxMs: 60_000 },
  });
  using client = await RawClient.open(sim.port);
  await client.send(requestText(READ));
  await until(() => sim.requests().length === 1);
  await sim.close();
  await sim.close();
  assert.notEqual((await client.rest()).end, "open");
});

Deno.test("over TLS the same answers come by HTTP/1.1, and resets end the connection", async () => {
  const fixture = (name: string) =>
    Deno.readTextFileSync(
      new URL(`../fixtures/tls/${name}.pem`, import.meta.url),
    );
  await using sim = await startSim({
    ...FREE,
    tls: { cert: fixture("cert"), key: fixture("key") },
  });
  using client = Deno.createHttpClient({ caCerts: [fixture("ca")] });
  const read = () =>
    fetch(`${sim.url}/v10/channels/5`, {
      client,
      headers: { authorization: "Bot t" },
    });
  const response = await read();
  assert.equal((await response.json()).path, "/api/v10/channels/5");
  sim.script({ fault: { kind: "reset" }, times: 3 });
  await assert.rejects(read());
});

Deno.test("the paths of the simulation itself report, script, set and reset", async () => {
  await using sim = await startSim(FREE);
  const base = sim.url.replace(/api$/, "__sim");
  const call = async (line: string, said?: unknown) => {
    const [method = "", path = ""] = line.split(" ");
    const body = said === undefined ? null : JSON.stringify(said);
    const response = await fetch(base + path, { method, body });
    return { status: response.status, json: await response.json() };
  };
  await once(sim, POST_MESSAGE, '{"content":"a1"}');
  await call("POST /script", { fault: { kind: "status", status: 503 } });
  assert.equal((await once(sim, READ)).status, 503);
  const { json } = await call("POST /report", { expected: ["a1", "a2"] });
  assert.deepEqual([json.received, json.lost], [2, ["a2"]]);
  assert.equal((await call("GET /requests")).json[0].mark, "a1");
  await call("POST /set", { accounts: { badTokens: ["raw.token"] } });
  assert.equal((await once(sim, READ)).status, 401);
  await call("POST /reset", { accounts: { badTokens: [] } });
  assert.equal((await call("GET /report")).json.received, 0);
  assert.equal((await once(sim, READ)).status, 200);
  assert.equal((await call("POST /set", { nothing: 1 })).status, 400);
  assert.equal((await call("GET /nothing")).status, 404);
});

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Looks again every few milliseconds; a test that waits for nothing fails. */
async function until(isSo: () => boolean): Promise<void> {
  for (let looks = 0; !isSo(); looks++) {
    if (looks > 400) throw new Error("Waited in vain for two seconds");
    await wait(5);
  }
}
