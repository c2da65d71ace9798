import assert from "node:assert/strict";
import { CLOSE_CODES } from "../../../rest/rep/connections/close_codes.ts";
import { createManualClock } from "../../_manual_clock.ts";
import {
  AUTHORIZER,
  type Client,
  type EndpointOptions,
  KEY,
  rawPeer,
  TestEndpoint,
} from "./_endpoint.ts";

const GET = { target: "/a", method: "GET" };

function openSession(client: Client): Promise<unknown> {
  return client.ask({
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "s" },
    req: "auth",
  });
}

interface Provocation {
  readonly options?: EndpointOptions;
  readonly headers?: Record<string, string>;
  /** Makes the server close the client's socket. */
  provoke(client: Client, door: TestEndpoint): unknown;
}

const clock = createManualClock();

const PROVOCATIONS: Readonly<Record<keyof typeof CLOSE_CODES, Provocation>> = {
  1009: {
    options: { settings: { limits: { maxPayloadBytes: 100 } } },
    provoke: (client) => client.socket.send("x".repeat(101)),
  },
  1011: {
    options: {
      deps: {
        authorizer: {
          ...AUTHORIZER,
          prove: () => ({
            keyName: "main",
            key: undefined,
            brought: undefined,
            botId: null,
          }),
          identityFor: () => {
            throw new TypeError("a bug");
          },
        },
      },
    },
    provoke: (client) => client.say(GET),
  },
  1012: { provoke: (_, door) => door.door.drain(1_000) },
  1013: {
    options: { settings: { limits: { unauthenticatedConnections: 1 } } },
    headers: {},
    provoke: (_, door) => door.dial({ headers: {} }),
  },
  4400: {
    provoke: (client) => {
      for (let count = 0; count < 21; count++) client.socket.send("?");
    },
  },
  4401: {
    headers: {},
    provoke: (client) => {
      for (let count = 0; count < 11; count++) client.say(GET);
    },
  },
  4403: {
    headers: {},
    provoke: (client) =>
      client.say({
        target: "/_rep/auth",
        method: "ACTION",
        data: { token: "wrong" },
      }),
  },
  4408: {
    options: { deps: { clock } },
    headers: {},
    provoke: () => clock.advance(10_000),
  },
  4409: {
    provoke: async (client, door) => {
      await openSession(client);
      await openSession(await door.dial());
    },
  },
  4413: {
    options: {
      settings: {
        limits: {
          maxInFlight: 1e6,
          outboundHighBytes: 1_000_000,
          outboundMaxBytes: 2_000_000,
        },
      },
    },
    // Whole megabytes at once: they cannot all have left before they are counted.
    provoke: (client, door) => {
      door.submitter.onJob = (job) => job.reply(200, "x".repeat(1_500_000));
      for (let count = 0; count < 20; count++) client.say({ ...GET, req: 1 });
    },
  },
  4429: {
    options: { settings: { limits: { maxInFlight: 1 } } },
    provoke: (client) => {
      for (let count = 0; count < 12; count++) client.say(GET);
    },
  },
};

for (const [code, provocation] of Object.entries(PROVOCATIONS)) {
  const { options, headers = { authorization: KEY }, provoke } = provocation;
  const reason = CLOSE_CODES[Number(code) as keyof typeof CLOSE_CODES];
  Deno.test(`C58: close ${code} (${reason}) reaches the client with its reason`, async () => {
    await using door = await TestEndpoint.open(options);
    const client = await door.dial({ headers });
    await provoke(client, door);
    const event = await client.closed;
    assert.deepEqual([event.code, event.reason], [Number(code), reason]);
  });
}

Deno.test("C58: every reason is ASCII of at most 123 bytes", () => {
  for (const reason of Object.values(CLOSE_CODES)) {
    assert.match(reason, /^[\x20-\x7e]{1,123}$/);
  }
});

Deno.test("C58: a bug of ours is told by its place, and closes no other socket", async () => {
  await using door = await TestEndpoint.open(PROVOCATIONS[1011].options);
  const [one, other] = [await door.dial(), await door.dial()];
  one.say(GET);
  assert.equal((await one.closed).code, 1011);
  other.socket.send("PING");
  assert.equal(await other.nextText(), "PONG");
  const warning = door.facts.find((fact) => fact.kind === "warning");
  assert.ok(warning?.kind === "warning");
  assert.doesNotMatch(warning.message, /a bug/);
});

Deno.test("A4: the REPLY 401 arrives before close 4403", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial({ headers: {} });
  const reply = await client.ask({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: "wrong" },
    req: 1,
  });
  assert.equal(reply.data.status, 401);
  assert.equal((await client.closed).code, 4403);
});

Deno.test("G3: while draining an upgrade gets 503 and is told when to come back", async () => {
  await using door = await TestEndpoint.open();
  await door.door.drain(0);
  const response = await door.shake({ authorization: KEY });
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "5");
  assert.equal((await response.json()).code, "draining");
});

Deno.test("F2: beyond the number of connections an upgrade gets 503 too_many", async () => {
  await using door = await TestEndpoint.open({
    settings: { connectionsMax: 1 },
  });
  const first = await door.dial();
  const response = await door.shake({ authorization: KEY });
  assert.equal(response.status, 503);
  assert.equal((await response.json()).code, "too_many");
  await first.end();
  await door.dial();
});

Deno.test("G3: a drain lets what runs end, answers it and closes with 1012", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial({ protocols: ["rep.v1"] });
  client.say({ ...GET, req: 1 });
  const job = await door.submitter.job(1);
  const drained = door.door.drain(25_000);
  assert.equal((await client.next()).data.type, "draining");
  assert.equal(
    (await client.ask({ ...GET, req: 2 })).data.error.code,
    "draining",
  );
  job.reply(200, "late");
  assert.equal((await client.next()).data.data, "late");
  assert.equal((await client.closed).code, 1012);
  await drained;
  assert.equal(door.door.snapshot().sockets, 0);
});

Deno.test("C58: a peer that never answers a close is cut off after 5 s (runtime keeps it for ever)", async () => {
  const manual = createManualClock();
  await using door = await TestEndpoint.open({ deps: { clock: manual } });
  const peer = await rawPeer(door);
  const buffer = new Uint8Array(4_096);
  while (door.door.snapshot().unauthenticated === 0) await turn();
  await manual.advance(10_000);
  assert.equal(door.door.snapshot().closed[4408], 1);
  await peer.read(buffer); // The close frame, to which it says nothing.
  assert.equal(door.door.snapshot().sockets, 1);
  await manual.advance(5_000);
  assert.equal(await peer.read(buffer), null);
  while (door.door.snapshot().sockets > 0) await turn();
  peer.close();
});

/** Lets the runtime deliver what it has. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
