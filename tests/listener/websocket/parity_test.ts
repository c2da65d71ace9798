import { KeptBodies } from "../../../rest/idempotency/kept_bodies.ts";
import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../../rest/clock/system_clock.ts";
import type { Answer } from "../../../rest/domain/answer.ts";
import {
  Refusal,
  type RefusalCode,
  REFUSALS,
} from "../../../rest/domain/refusal.ts";
import type { UpgradeHandler } from "../../../rest/listener/http/incoming_request.ts";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import type { PortListener } from "../../../rest/listener/transport/listener.ts";
import { createHttpEndpoint } from "../../../rest/listener/http/endpoint.ts";
import { createWebSocketEndpoint } from "../../../rest/listener/websocket/endpoint.ts";
import { VERBS } from "../../../rest/rep/frames/verbs.ts";
import { causeOf, managerOf } from "../../manager/_builders.ts";
import { createScriptedSubmitter } from "../../manager/_scripted_submitter.ts";
import { endpointOf, servingOf } from "../_serve.ts";
import {
  AUTHORIZER,
  Client,
  FakeSubmitter,
  type Job,
  KEY,
} from "./_endpoint.ts";

/** Both transports on one port, in front of one queue. */
class Both implements AsyncDisposable {
  readonly submitter = new FakeSubmitter();
  #listener: PortListener | undefined;
  readonly #door;
  readonly #http;
  readonly #clients: Client[] = [];

  private constructor() {
    const shared = {
      submitter: this.submitter,
      authorizer: AUTHORIZER,
      clock: SYSTEM_CLOCK,
      facts: () => {},
    };
    this.#door = createWebSocketEndpoint({
      bodies: new KeptBodies(Infinity),
      ...shared,
      settings: {
        apiVersion: 10,
        upstream: "https://discord.com/api",
        isHeaderRequired: false,
        isKeyInPathAllowed: false,
        origins: new Set(),
      },
    });
    this.#http = createHttpEndpoint({
      ...shared,
      isDraining: () => false,
      hasUpgrade: true,
      settings: {
        apiVersion: 10,
        isKeyInPathAllowed: false,
        areRateLimitHeadersStripped: false,
        isServerTimingOn: false,
        bodyLimitBytes: 1e6,
        heldLimitBytes: 1e6,
        bodyTimeoutMs: 1_000,
        roomWaitMs: 1_000,
      },
    });
  }

  static async open(): Promise<Both> {
    const both = new Both();
    const upgrade: UpgradeHandler = (request) => both.#door.upgrade(request);
    both.#listener = await startListener({
      ...servingOf(endpointOf(both.#http.handle, upgrade)),
      host: "127.0.0.1",
      port: 0,
    });
    return both;
  }

  get address(): string {
    return `127.0.0.1:${this.#listener?.address.port}`;
  }

  async dial(path: string): Promise<Client> {
    const client = new Client(`ws://${this.address}${path}`, {
      headers: { authorization: KEY },
    });
    this.#clients.push(client);
    await client.opened;
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.end();
    await this.#door.drain(0);
    await this.#listener?.shutdown();
    this.#http.close();
  }
}

/** What both transports must agree on. */
function essenceOf({ request }: Job): unknown {
  const { method, target, route, identity, urgency, isOrdered } = request;
  // Over HTTP a write without a body says that it has none of zero bytes.
  const body = new TextDecoder().decode(request.body);
  return { method, target, route, body, identity, urgency, isOrdered };
}

const REQUESTS = [
  ["GET", "/users/1?a=1&a=%2F", undefined],
  ["ACTION", "/api/v9/channels/1/messages", { content: "é" }],
  [
    "CREATE",
    "/v10/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    undefined,
  ],
  ["UPDATE", "/channels/1", { name: "x" }],
  ["DELETE", "/channels/1/messages/2", undefined],
  ["ACTION", "/interactions/1/token/callback", { type: 1 }],
  ["ACTION", "/webhooks/1/token", { content: "x" }],
] as const;

const encoder = new TextEncoder();
const ANSWERS: ReadonlyArray<readonly [string, Answer, unknown]> = [
  ["JSON", {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: encoder.encode('{"id":"1"}'),
  }, { id: "1" }],
  ["an error of Discord's", {
    status: 404,
    headers: [["content-type", "application/json"]],
    body: encoder.encode('{"code":10003}'),
  }, { code: 10_003 }],
  ["no content", { status: 204, headers: [], body: undefined }, null],
];

for (const [verb, target, data] of REQUESTS) {
  Deno.test(`C56: ${verb} ${target} is one and the same request over both transports`, async () => {
    await using both = await Both.open();
    both.submitter.onJob = (job) => job.reply(200, {});
    const client = await both.dial("/rep");
    await client.ask({ target, method: verb, data, req: 1 });
    const response = await fetch(`http://${both.address}${target}`, {
      method: VERBS[verb],
      headers: {
        authorization: KEY,
        ...data && { "content-type": "application/json" },
      },
      body: data === undefined ? null : JSON.stringify(data),
    });
    await response.body?.cancel();
    const [overRep, overHttp] = both.submitter.jobs;
    assert.ok(overRep && overHttp);
    assert.deepEqual(essenceOf(overRep), essenceOf(overHttp));
  });
}

for (const [what, answer, value] of ANSWERS) {
  Deno.test(`C56: ${what} has the same status, in an envelope here and bare there`, async () => {
    await using both = await Both.open();
    both.submitter.onJob = (job) => job.replyRaw(answer);
    const client = await both.dial("/");
    const { data } = await client.ask({ target: "/a", method: "GET", req: 1 });
    const response = await fetch(`http://${both.address}/a`, {
      headers: { authorization: KEY },
    });
    assert.equal(data.status, response.status);
    assert.deepEqual(data.data ?? data.error ?? null, value);
    const text = await response.text();
    assert.deepEqual(text === "" ? null : JSON.parse(text), value);
  });
}

for (const code of Object.keys(REFUSALS) as RefusalCode[]) {
  Deno.test(`C49: ${code} is told alike over HTTP, over REP and by discordeno's manager`, async () => {
    await using both = await Both.open();
    const refusal = new Refusal(code, "Cannot do it");
    both.submitter.onJob = (job) => job.fail(refusal);
    const client = await both.dial("/");
    const { data } = await client.ask({ target: "/a", method: "GET", req: 1 });
    const response = await fetch(`http://${both.address}/a`, {
      headers: { authorization: KEY },
    });
    const manager = managerOf(createScriptedSubmitter(refusal));
    const cause = await causeOf(manager.get("/a"));

    const overHttp = [response.status, await response.json()];
    assert.deepEqual([data.status, data.error], overHttp);
    assert.deepEqual([cause.status, JSON.parse(cause.body ?? "")], overHttp);
  });
}

Deno.test("C1: a browser that asks / without an upgrade is told there is no route, /rep wants an upgrade", async () => {
  await using both = await Both.open();
  for (const [path, status] of [["/", 400], ["/rep", 426]] as const) {
    const response = await fetch(`http://${both.address}${path}`, {
      headers: { authorization: KEY },
    });
    await response.body?.cancel();
    assert.equal(response.status, status);
  }
});
