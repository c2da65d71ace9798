/** The client against the proxy's own WebSocket door, a pretended queue behind it. */
import assert from "node:assert/strict";
import {
  type ClientOptions,
  RepClient,
  RepClosedError,
  RepError,
  RepLimitError,
} from "../../client/mod.ts";
import { overRep } from "../../client/discordeno.ts";
import { createRestManager } from "../../deps.ts";
import { headerOf } from "../../rest/domain/headers.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import {
  type Job,
  KEY,
  TestEndpoint,
} from "../listener/websocket/_endpoint.ts";
import { startRelay } from "./_relay.ts";
import { failureOf } from "./_rig.ts";

/** Back-off is pinned elsewhere; here it would only take time. */
const OPTIONS: ClientOptions = {
  token: KEY,
  session: "shard-0",
  retryWaitMs: () => 1,
};

Deno.test("proxy: requests and their answers cross, with version, reason and deadline", async () => {
  await using door = await TestEndpoint.open();
  await using client = clientOf(door);
  const done = client.create("/guilds/1/bans/2", {
    data: { delete_message_seconds: 0 },
    reason: "spam, 3rd time ü",
    timeoutMs: 3_000,
    priority: 1,
  });
  const job = await door.submitter.job(1);
  const { method, target, headers, urgency, leaveWithinMs, body } = job.request;
  assert.deepEqual([method, target.version, target.path], [
    "PUT",
    10,
    "/guilds/1/bans/2",
  ]);
  assert.equal(
    headerOf(headers, "x-audit-log-reason"),
    "spam%2C%203rd%20time%20%C3%BC",
  );
  assert.equal(urgency, 1);
  assert.ok(leaveWithinMs !== undefined && leaveWithinMs <= 3_000);
  assert.equal(textOf(body), '{"delete_message_seconds":0}');
  job.reply(204);
  assert.equal(await done, null);
});

Deno.test("proxy: files cross as bytes where rep.v1 was negotiated, and as base64 where not", async () => {
  await using door = await TestEndpoint.open();
  const bytes = new TextEncoder().encode("hällo");
  for (const ext of [true, false]) {
    await using client = new RepClient(addressOf(door), {
      token: KEY,
      ext,
      session: false,
    });
    const done = client.action("/channels/9/messages", {
      data: { content: "log" },
      files: [{ name: "a.txt", type: "text/plain", bytes }],
    });
    const job = await door.submitter.job(ext ? 1 : 2);
    const multipart = textOf(job.request.body);
    assert.match(multipart, /name="payload_json"[^]*\{"content":"log"\}/);
    assert.match(multipart, /name="files\[0\]"; filename="a.txt"[^]*hällo/);
    job.reply(200, { id: "1" });
    assert.deepEqual(await done, { id: "1" });
  }
});

Deno.test("proxy: a hundred requests over a wire that is cut twice are queued once and answered once", async () => {
  await using door = await TestEndpoint.open();
  await using relay = startRelay(addressOf(door));
  door.submitter.onJob = (job) => {
    const count = door.submitter.jobs.length;
    if (count === 30 || count === 70) relay.cut();
    // Behind the cut: the answer finds nobody and has to be kept.
    setTimeout(() => job.reply(200, { path: job.request.target.path }), 2);
  };
  await using client = new RepClient(relay.url, OPTIONS);
  const paths = Array.from(
    { length: 100 },
    (_, n) => `/channels/${n}/messages`,
  );
  const replies = await Promise.all(
    paths.map((path) => client.action<{ path: string }>(path)),
  );
  assert.deepEqual(replies.map(({ path }) => path), paths);
  assert.deepEqual(queuedPaths(door), paths);
});

Deno.test("proxy: replies to an old process are missed replies of the next; a handler that dies gets its reply again", async () => {
  await using door = await TestEndpoint.open();
  {
    await using old = clientOf(door);
    const unknown = failureOf(
      old.action("/channels/9/messages", { req: "old-1" }),
      RepClosedError,
    );
    await door.submitter.job(1);
    await old.close();
    assert.equal((await unknown).sent, null);
  }
  (await door.submitter.job(1)).reply(200, { id: "77" });
  {
    // Takes the reply and dies before it is done with it.
    await using dying = clientOf(door);
    const taken = Promise.withResolvers<void>();
    dying.on("missed", () => {
      taken.resolve();
      return new Promise(() => {});
    });
    await taken.promise;
  }
  await using next = clientOf(door);
  const info = await next.ready;
  assert.deepEqual([info.resumed, info.redeliver], [true, 1]);
  const missed = next.missed[Symbol.asyncIterator]();
  const { value } = await missed.next();
  assert.ok(value);
  const { answeredAtMs, ...reply } = value;
  assert.ok(answeredAtMs !== undefined && answeredAtMs > 1_700_000_000_000);
  assert.deepEqual(reply, {
    req: "old-1",
    target: "/channels/9/messages",
    method: "ACTION",
    status: 200,
    data: { id: "77" },
    isTruncated: false,
  });
  void missed.next();
  await next.close();
  await using last = clientOf(door);
  assert.equal((await last.ready).redeliver, 0);
});

Deno.test("proxy: a session taken over sends the first client away for good", async () => {
  await using door = await TestEndpoint.open();
  await using first = clientOf(door);
  await first.ready;
  const left = failureOf(first.get("/users/1"), RepClosedError);
  await door.submitter.job(1);
  await using second = clientOf(door);
  assert.ok((await second.ready).resumed);
  assert.equal((await left).closeCode, 4409);
  assert.equal(first.state, "closed");
});

Deno.test("proxy: after a restart with a new epoch a write is of unknown outcome and a read is sent again", async () => {
  await using old = await TestEndpoint.open({ deps: { epoch: "e1" } });
  await using fresh = await TestEndpoint.open({ deps: { epoch: "e2" } });
  let address = addressOf(old);
  await using client = new RepClient(() => address, OPTIONS);
  const write = failureOf(
    client.action("/channels/9/messages"),
    RepClosedError,
  );
  const read = client.get("/users/@me");
  await old.submitter.job(2);
  address = addressOf(fresh);
  client.terminate();
  assert.equal((await write).sent, null);
  const job = await fresh.submitter.job(1);
  assert.equal(job.request.method, "GET");
  job.reply(200, { id: "1" });
  assert.deepEqual(await read, { id: "1" });
  assert.equal(fresh.submitter.jobs.length, 1);
  const info = await client.ready;
  assert.deepEqual([info.epoch, info.resumed], ["e2", false]);
});

Deno.test("proxy: aborting cancels a queued request, and its 499 is ignored", async () => {
  await using door = await TestEndpoint.open();
  await using client = clientOf(door);
  const missed: unknown[] = [];
  client.on("missed", (reply) => void missed.push(reply));
  const abort = new AbortController();
  const done = client.action("/channels/9/messages", { signal: abort.signal });
  const job = await door.submitter.job(1);
  abort.abort();
  await assert.rejects(done, { name: "AbortError" });
  const next = client.get("/users/1");
  (await door.submitter.job(2)).reply(200, 1);
  await next;
  assert.ok(job.isTaken);
  assert.equal(client.inFlight, 0);
  assert.deepEqual(missed, []);
});

Deno.test("proxy: with maxInFlight 2 ten requests are all answered and none is refused", async () => {
  await using door = await TestEndpoint.open({
    settings: { limits: { maxInFlight: 2 } },
  });
  let most = 0;
  door.submitter.onJob = (job) => {
    most = Math.max(most, door.door.snapshot().inFlight);
    setTimeout(() => job.reply(200, null), 0);
  };
  await using client = clientOf(door);
  await Promise.all(
    Array.from({ length: 10 }, (_, n) => client.get(`/users/${n}`)),
  );
  assert.equal(door.submitter.jobs.length, 10);
  assert.deepEqual(door.facts.filter(({ kind }) => kind === "refused"), []);
});

Deno.test("proxy: a request that its queue refused is sent again with the same req, and answered", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) => {
    if (door.submitter.jobs.length > 1) return job.reply(200, "taken");
    job.fail(new Refusal("overloaded", "Too much waits", { retryAfterMs: 5 }));
  };
  await using client = clientOf(door);
  assert.equal(
    await client.action("/channels/9/messages", { req: "m-1" }),
    "taken",
  );
  assert.equal(door.submitter.jobs.length, 2);
});

Deno.test("proxy: a request that it accepted and then gave up rejects", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) =>
    job.fail(new Refusal("wait_too_long", "The wait would be too long"));
  await using client = clientOf(door);
  const failure = await failureOf(client.get("/users/1"), RepError);
  assert.deepEqual([failure.status, failure.code], [429, "wait_too_long"]);
  assert.equal(door.submitter.jobs.length, 1);
});

Deno.test("proxy: a mailbox of two is enough for twenty requests, because the client acknowledges", async () => {
  await using door = await TestEndpoint.open({
    settings: { limits: { mailboxReplies: 2 } },
  });
  door.submitter.onJob = (job) => job.reply(200, null);
  await using client = clientOf(door);
  for (let n = 0; n < 20; n += 1) await client.get(`/users/${n}`);
  assert.equal(door.submitter.jobs.length, 20);
});

Deno.test("proxy: the key may travel as header or subprotocol where it is required before the upgrade", async () => {
  await using door = await TestEndpoint.open({
    settings: { isHeaderRequired: true },
  });
  door.submitter.onJob = (job) => job.reply(200, "in");
  for (const authBy of ["header", "subprotocol"] as const) {
    await using client = new RepClient(addressOf(door), { ...OPTIONS, authBy });
    assert.equal(await client.get("/users/1"), "in");
  }
});

Deno.test("proxy: a wrong key closes the client with the proxy's message", async () => {
  await using door = await TestEndpoint.open();
  await using client = new RepClient(addressOf(door), {
    ...OPTIONS,
    token: "wrong",
  });
  const failure = await failureOf(client.ready, RepClosedError);
  assert.deepEqual(
    [failure.closeCode, failure.message],
    [4403, "Not connected: closed with 4403 Invalid authorization key."],
  );
});

Deno.test("proxy: plain mode with a key is served, replies and all", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) => job.reply(200, { plain: true });
  await using client = new RepClient(addressOf(door), {
    token: KEY,
    ext: false,
    session: false,
  });
  assert.deepEqual(await client.get("/users/1"), { plain: true });
  assert.equal(client.lastSeq, 0);
});

Deno.test("proxy: a frame above maxPayload is never sent, and the connection stays", async () => {
  await using door = await TestEndpoint.open({
    settings: { limits: { maxPayloadBytes: 1_000 } },
  });
  door.submitter.onJob = (job) => job.reply(200, null);
  await using client = clientOf(door);
  await client.ready;
  const failure = await failureOf(
    client.action("/x", { data: "x".repeat(1_000) }),
    RepLimitError,
  );
  assert.equal(failure.code, "too_large");
  await client.get("/users/1");
  assert.equal(door.door.snapshot().sockets, 1);
});

Deno.test("proxy: while it drains, requests wait for its successor", async () => {
  await using old = await TestEndpoint.open({ deps: { epoch: "e1" } });
  await using fresh = await TestEndpoint.open({ deps: { epoch: "e2" } });
  fresh.submitter.onJob = (job) => job.reply(200, "fresh");
  let address = addressOf(old);
  await using client = new RepClient(() => address, OPTIONS);
  const notices: string[] = [];
  const told = Promise.withResolvers<void>();
  client.on("notice", ({ type }) => {
    notices.push(type);
    told.resolve();
  });
  const running = client.action("/channels/9/messages");
  const job = await old.submitter.job(1);
  address = addressOf(fresh);
  const draining = old.door.drain(5_000);
  await told.promise;
  const later = client.action("/channels/9/messages");
  job.reply(200, "ran");
  assert.equal(await running, "ran");
  assert.equal(await later, "fresh");
  await draining;
  assert.deepEqual(notices, ["draining"]);
  assert.equal(old.submitter.jobs.length, 1);
});

Deno.test("proxy: a discordeno manager's typed helpers go through", async () => {
  await using door = await TestEndpoint.open();
  door.submitter.onJob = (job) => job.reply(200, { id: "77", channel_id: "9" });
  await using client = clientOf(door);
  const token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y";
  const rest = overRep(createRestManager({ token }), client);
  const { id, channelId } = await rest.sendMessage("9", {
    content: "hi",
    files: [{ name: "a.txt", blob: new Blob(["hi"]) }],
  });
  assert.deepEqual([id, channelId], ["77", "9"]);
  const [job] = door.submitter.jobs;
  assert.deepEqual(
    [job?.request.method, job?.request.target.path],
    ["POST", "/channels/9/messages"],
  );
  assert.match(textOf(job?.request.body), /filename="a.txt"/);
});

function clientOf(door: TestEndpoint): RepClient {
  return new RepClient(addressOf(door), OPTIONS);
}

function addressOf(door: TestEndpoint): string {
  return `ws://${door.url}/`;
}

function queuedPaths(door: TestEndpoint): string[] {
  return door.submitter.jobs.map(({ request }: Job) => request.target.path);
}

function textOf(bytes: Uint8Array<ArrayBuffer> | undefined): string {
  return new TextDecoder().decode(bytes);
}
