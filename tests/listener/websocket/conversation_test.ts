import assert from "node:assert/strict";
import {
  Refusal,
  type RefusalCode,
  REFUSALS,
} from "../../../rest/domain/refusal.ts";
import { KEY, TestEndpoint } from "./_endpoint.ts";

const GET = { target: "/a", method: "GET", req: 1 };
const encoder = new TextEncoder();

Deno.test("C41: the published protocol's client sees its five verbs answered and nothing else", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) =>
    job.reply(200, { method: job.request.method });
  const client = await door.dial();
  for (
    const [verb, method] of [
      ["GET", "GET"],
      ["CREATE", "PUT"],
      ["DELETE", "DELETE"],
      ["UPDATE", "PATCH"],
      ["ACTION", "POST"],
    ]
  ) {
    const frame = { target: "/users/1", method: verb, req: verb };
    assert.deepEqual(await client.ask(frame), {
      target: "/users/1",
      method: "REPLY",
      data: { status: 200, data: { method } },
      req: verb,
    });
  }
  assert.deepEqual(client.pending, []);
});

Deno.test("C6: a binary frame is answered by a text frame", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) => job.reply(200, "é");
  const client = await door.dial();
  client.socket.send(encoder.encode(JSON.stringify(GET)));
  assert.equal((await client.next()).data.data, "é");
});

Deno.test("C7: PING is answered by PONG over a socket", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial({ headers: {} });
  client.socket.send("PING");
  assert.equal(await client.nextText(), "PONG");
});

Deno.test("C35: 1,000 frames reach the queue in the order they were sent", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  for (let n = 0; n < 1_000; n++) {
    client.say({ target: `/a/${n}`, method: "ACTION", data: n, req: n });
  }
  await door.submitter.job(1_000);
  const paths = door.submitter.jobs.map(({ request }) => request.target.path);
  assert.deepEqual(paths, Array.from({ length: 1_000 }, (_, n) => `/a/${n}`));
});

Deno.test("C47: an answer that streams is gathered into its frame", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) =>
    job.replyRaw({
      status: 200,
      headers: [["content-type", "application/json"]],
      body: ReadableStream.from(
        ['{"a":', '"é', '"}'].map((part) => encoder.encode(part)),
      ),
    });
  const client = await door.dial();
  assert.deepEqual((await client.ask(GET)).data, {
    status: 200,
    data: { a: "é" },
  });
});

Deno.test("C49: an answer that breaks off, or fits no frame, is said to have been executed", async () => {
  await using door = await TestEndpoint.open({
    settings: { limits: { maxPayloadBytes: 1_000 } },
  });
  const headers = [["content-type", "text/plain"]] as const;
  const client = await door.dial();
  door.submitter.onJob = (job) => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        controller.error(new Error("Bot secret"));
      },
    });
    job.replyRaw({ status: 200, headers, body });
  };
  const broken = (await client.ask(GET)).data;
  assert.deepEqual([broken.status, broken.error.code, broken.error.sent], [
    408,
    "outcome_unknown",
    true,
  ]);
  assert.ok(!JSON.stringify(broken).includes("secret"));
  let isCancelled = false;
  door.submitter.onJob = (job) => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(400)),
      cancel: () => {
        isCancelled = true;
      },
    });
    job.replyRaw({ status: 200, headers, body });
  };
  const large = (await client.ask(GET)).data;
  assert.deepEqual([large.status, large.error.sent, isCancelled], [
    500,
    true,
    true,
  ]);
});

for (
  const failure of [
    new TypeError("Bot secret at file:///x.ts"),
    "Bot secret",
    undefined,
  ]
) {
  Deno.test(`C49: a fault of our own (${typeof failure}) is a 500 that says nothing of it`, async () => {
    await using door = await TestEndpoint.open();
    const client = await door.dial();
    door.submitter.onJob = (job) => job.fail(failure);
    const { status, error } = (await client.ask(GET)).data;
    assert.deepEqual([status, error.code, error.sent], [500, "internal", null]);
    assert.doesNotMatch(JSON.stringify([error, door.facts]), /secret/);
  });
}

Deno.test("C49: a queue that throws is answered for all the same", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  door.submitter.onJob = () => {
    throw new Refusal("overloaded", "Cannot take it");
  };
  assert.equal((await client.ask(GET)).data.error.code, "overloaded");
});

/** Refusals that only the queue or what is behind it gives. */
const QUEUE_CODES: readonly RefusalCode[] = [
  "webhook_gone",
  "webhook_unauthorized",
  "token_unauthorized",
  "outcome_unknown",
  "overloaded",
  "wait_too_long",
  "deadline",
  "cancelled",
  "unreachable",
  "draining",
  "token_rejected",
  "invalid_budget",
  "blocked",
  "no_token",
  "upstream_timeout",
];

for (const code of QUEUE_CODES) {
  Deno.test(`C50: ${code} crosses with its status and whether it was sent`, async () => {
    await using door = await TestEndpoint.open();
    const client = await door.dial();
    door.submitter.onJob = (job) => job.fail(new Refusal(code, "Cannot do it"));
    const { status, error } = (await client.ask(GET)).data;
    const { status: expected, sent } = REFUSALS[code];
    const numbers: Partial<Record<RefusalCode, number>> = {
      "webhook_gone": 10_015,
      "webhook_unauthorized": 50_027,
    };
    const shown = numbers[code] ?? code;
    assert.deepEqual([status, error.code, error.sent], [expected, shown, sent]);
  });
}

/** Refusals the conversation itself gives, each with what provokes it. */
const OWN_CODES: ReadonlyArray<
  readonly [RefusalCode, number, object | string]
> = [
  ["bad_frame", 400, "?"],
  ["bad_target", 400, { ...GET, target: "//x" }],
  ["bad_method", 400, { ...GET, method: "FETCH" }],
  ["bad_data", 400, { ...GET, data: 1 }],
  ["bad_req", 400, { ...GET, req: "x".repeat(600) }],
  ["no_such_target", 404, { ...GET, target: "/_rep/x" }],
  ["forbidden", 403, {
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: "x" },
    req: 1,
  }],
];

for (const [code, status, message] of OWN_CODES) {
  Deno.test(`C50: ${code} is answered with ${status} and told to the operators`, async () => {
    await using door = await TestEndpoint.open();
    const client = await door.dial();
    client.socket.send(
      typeof message === "string" ? message : JSON.stringify(message),
    );
    const { data } = await client.next();
    assert.deepEqual([data.status, data.error.code, data.error.sent], [
      status,
      code,
      false,
    ]);
    assert.deepEqual(
      door.facts.filter((fact) => fact.kind === "refused").map((fact) =>
        fact.code
      ),
      [code],
    );
    assert.equal(door.submitter.jobs.length, 0);
  });
}

Deno.test("C52: a connection that drops takes its queued reads back and leaves its writes", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  client.say(GET);
  client.say({ target: "/b", method: "ACTION", data: {}, req: 2 });
  const [read, write] = [
    await door.submitter.job(1),
    await door.submitter.job(2),
  ];
  await client.end();
  while (!read.isTaken) await turn();
  assert.deepEqual([write.isTaken, write.isLeft], [false, true]);
  write.reply(200, 1);
  while (door.door.snapshot().repliesDropped < 2) await turn();
});

Deno.test("B5: a bot that is restarted gets the answer its predecessor asked for", async () => {
  await using door = await TestEndpoint.open();
  const auth = {
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: KEY, session: "shard-0" },
    req: "hello",
  };
  const first = await door.dial({ headers: {}, protocols: ["rep.v1"] });
  await first.ask(auth);
  first.say({
    target: "/channels/9/messages",
    method: "ACTION",
    data: { content: "hi" },
    req: "a-1",
  });
  const job = await door.submitter.job(1);
  await first.end();
  job.reply(200, { id: "77" });
  const second = await door.dial({ headers: {} });
  const { data } = (await second.ask(auth)).data;
  assert.deepEqual([data.resumed, data.redeliver], [true, 1]);
  const reply = await second.next();
  assert.deepEqual([reply.req, reply.seq, reply.data.data.id], [
    "a-1",
    1,
    "77",
  ]);
  assert.equal(door.submitter.jobs.length, 1);
});

Deno.test("D1: a cancellation reaches the queue and both are answered", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  client.say(GET);
  const job = await door.submitter.job(1);
  client.say({
    target: "/_rep/cancel",
    method: "ACTION",
    data: { req: 1 },
    req: "c",
  });
  assert.equal((await client.next()).data.status, 499);
  assert.deepEqual((await client.next()).data.data, { cancelled: true });
  assert.ok(job.isTaken);
});

Deno.test("D1: what has left is not cancelled", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  client.say(GET);
  const job = await door.submitter.job(1);
  job.state = "sent";
  const reply = await client.ask({
    target: "/_rep/cancel",
    method: "ACTION",
    data: { req: 1 },
    req: "c",
  });
  assert.deepEqual(reply.data.data, { cancelled: false, state: "sent" });
  job.reply(200, "done");
  assert.equal((await client.next()).data.data, "done");
});

Deno.test("E5: a binary frame with files crosses a real socket", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial({ protocols: ["rep.v1"] });
  const json = encoder.encode(JSON.stringify({
    ...GET,
    method: "ACTION",
    files: [{ name: "a", size: 3 }],
  }));
  const frame = new Uint8Array(4 + json.length + 3);
  new DataView(frame.buffer).setUint32(0, json.length);
  frame.set(json, 4);
  frame.set([97, 98, 99], 4 + json.length);
  client.socket.send(frame);
  const { request } = await door.submitter.job(1);
  const text = new TextDecoder("latin1").decode(request.body);
  assert.match(text, /filename="a"\r\n.*\r\n\r\nabc\r\n--rep-/);
});

Deno.test("G1: what happens in the proxy is told to those who opted in", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial({ protocols: ["rep.v1"] });
  await client.ask({ target: "/_rep/ping", method: "GET", req: 1 });
  door.door.observe({
    kind: "refused",
    code: "blocked",
    label: "GET /a",
    caller: "x",
    retryAfterMs: 60_000,
  });
  assert.deepEqual((await client.next()).data, {
    type: "banned",
    retry_after: 60,
  });
});

/** Lets the runtime deliver what it has. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
