import assert from "node:assert/strict";
import { type MissedReply, RepClient, RepError } from "../../../client/mod.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { KEY, TestEndpoint } from "./_endpoint.ts";

// Our two ends against each other: whatever both took for granted is shown here.

for (const authBy of ["message", "subprotocol", "header"] as const) {
  Deno.test(`A1: our client comes in by ${authBy} and gets its answers`, async () => {
    await using door = await TestEndpoint.open();
    door.submitter.onJob = (job) =>
      job.reply(200, { at: job.request.target.path });
    await using client = new RepClient(`ws://${door.url}`, {
      token: KEY,
      authBy,
      session: "s",
    });
    assert.equal((await client.ready).session, "s");
    assert.deepEqual(await client.get("/users/1"), { at: "/users/1" });
  });
}

Deno.test("C50: our client throws Discord's errors and ours as what they are", async () => {
  await using door = await TestEndpoint.open();
  await using client = new RepClient(`ws://${door.url}`, { token: KEY });
  door.submitter.onJob = (job) =>
    job.reply(404, { message: "Unknown Channel", code: 10_003 });
  const thrown = await client.get("/channels/1").catch((error) => error);
  assert.ok(thrown instanceof RepError);
  assert.deepEqual([thrown.status, thrown.code], [404, 10_003]);
  const wrong = await client.get("//x").catch((error) => error);
  assert.ok(wrong instanceof RepError);
  assert.deepEqual([wrong.status, wrong.code, wrong.sent], [
    400,
    "bad_target",
    false,
  ]);
});

Deno.test("E5: files of our client arrive byte for byte", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) => job.reply(200, {});
  await using client = new RepClient(`ws://${door.url}`, { token: KEY });
  const bytes = new Uint8Array(1_000).map((_, at) => at);
  await client.action("/channels/1/messages", {
    data: { content: "é" },
    files: [{ name: "a.bin", bytes }],
    reason: "спам",
  });
  const { request } = await door.submitter.job(1);
  const type = request.headers.find(([name]) => name === "content-type");
  const form = await new Response(request.body, {
    headers: { "content-type": type?.[1] ?? "" },
  }).formData();
  const file = form.get("files[0]");
  assert.ok(file instanceof File);
  assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes);
  assert.equal(form.get("payload_json"), '{"content":"é"}');
  assert.ok(request.headers.some(([name]) => name === "x-audit-log-reason"));
});

Deno.test("D1: a signal of our client takes the request back from the queue", async () => {
  await using door = await TestEndpoint.open();
  await using client = new RepClient(`ws://${door.url}`, { token: KEY });
  const controller = new AbortController();
  const asked = client.get("/a", { signal: controller.signal });
  const job = await door.submitter.job(1);
  controller.abort();
  await assert.rejects(asked, { name: "AbortError" });
  while (!job.isTaken) await turn();
});

Deno.test("I2: our client loses its socket with 100 requests under way and each is executed once", async () => {
  await using door = await TestEndpoint.open();
  await using client = new RepClient(`ws://${door.url}`, {
    token: KEY,
    retryWaitMs: () => 1,
  });
  await client.ready;
  const asked = Array.from(
    { length: 100 },
    (_, n) => client.action("/a", { data: n }),
  );
  await door.submitter.job(100);
  for (const job of door.submitter.jobs.slice(0, 50)) job.reply(200, "early");
  client.terminate();
  for (const job of door.submitter.jobs.slice(50)) job.reply(200, "late");
  const answers = await Promise.all(asked);
  assert.equal(answers.filter((answer) => answer === "early").length, 50);
  assert.equal(answers.filter((answer) => answer === "late").length, 50);
  assert.equal(door.submitter.jobs.length, 100);
});

Deno.test("B5: what one process asked for, the next one of its session is handed as missed", async () => {
  await using door = await TestEndpoint.open();
  const options = { token: KEY, session: "shard-0" };
  const first = new RepClient(`ws://${door.url}`, options);
  first.action("/channels/9/messages", { data: { content: "hi" }, req: "a-1" })
    .catch(() => {});
  const job = await door.submitter.job(1);
  await first.close();
  job.reply(200, { id: "77" });
  await using second = new RepClient(`ws://${door.url}`, options);
  const { promise, resolve } = Promise.withResolvers<MissedReply>();
  second.on("missed", (reply) => resolve(reply));
  const reply = await promise;
  assert.deepEqual([reply.req, reply.data, reply.method], [
    "a-1",
    { id: "77" },
    "ACTION",
  ]);
  assert.equal(door.submitter.jobs.length, 1);
});

Deno.test("B4: our client acknowledges, so that its mailbox does not fill", async () => {
  const clock = createManualClock();
  await using door = await TestEndpoint.open({
    deps: { clock },
    settings: { limits: { mailboxReplies: 100 } },
  });
  door.submitter.onJob = (job) => job.reply(200, 1);
  await using client = new RepClient(`ws://${door.url}`, { token: KEY });
  for (let n = 0; n < 500; n++) await client.action("/a", { data: n });
  assert.equal(door.submitter.jobs.length, 500);
});

/** Lets the runtime deliver what it has. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
