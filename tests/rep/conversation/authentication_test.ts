import assert from "node:assert/strict";
import {
  Conversation,
  EPOCH,
  KEY,
  OTHER_KEY,
  type Peer,
} from "../_conversation.ts";

function authenticate(peer: Peer, data: unknown, req?: unknown): void {
  peer.say({ target: "/_rep/auth", method: "ACTION", data, req });
}

Deno.test("C57: where no key opens, every frame and every authentication is refused", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  peer.say({ target: "/a", method: "GET", req: 1 });
  assert.equal(peer.heardOne().data.status, 401);
  authenticate(peer, { token: "" }, 2);
  assert.equal(peer.heardOne().data.status, 401);
  assert.equal(peer.closeCode(), 4403);
  assert.equal(talk.submitted.length, 0);
});

Deno.test("A1: who showed a key at the upgrade needs no authentication request", () => {
  const talk = new Conversation();
  talk.open().say({ target: "/a", method: "GET", req: 1 });
  assert.equal(talk.submitted.length, 1);
});

Deno.test("A3: the authentication request with the key is answered 200 and opens the rest", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  authenticate(peer, { token: KEY }, "hello");
  assert.deepEqual(peer.heardOne(), {
    target: "/_rep/auth",
    method: "REPLY",
    data: {
      status: 200,
      data: {
        version: 1,
        session: null,
        resumed: false,
        epoch: EPOCH,
        seq: 0,
        redeliver: 0,
        lost: 0,
        inFlight: 0,
        limits: {
          maxPayload: 8_388_608,
          maxInFlight: 5_000,
          mailbox: 10_000,
          pingInterval: 20_000,
        },
      },
    },
    req: "hello",
  });
  peer.say({ target: "/a", method: "GET", req: 1 });
  assert.equal(talk.submitted.length, 1);
});

Deno.test("A3: without req the authentication request takes effect in silence", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  peer.say({ target: "_rep/auth", method: "post", data: { token: KEY } });
  assert.deepEqual(peer.texts(), []);
  peer.say({ target: "/a", method: "GET", req: 1 });
  assert.equal(talk.submitted.length, 1);
});

for (
  const data of [
    { token: "wrong" },
    { token: "" },
    {},
    { token: 5 },
    { token: null },
    { token: [KEY] },
    null,
    "the-key-of-these-tests",
  ]
) {
  Deno.test(`A4: the authentication ${JSON.stringify(data)} gets 401, then close 4403`, () => {
    const talk = new Conversation();
    const peer = talk.open({ keyName: null });
    authenticate(peer, data, 1);
    const frame = peer.heardOne();
    assert.equal(frame.data.status, 401);
    assert.equal(frame.data.error.code, "unauthorized");
    assert.ok(frame.data.error.sent === false);
    assert.equal(peer.closeCode(), 4403);
  });
}

Deno.test("A4: a wrong token without req closes with 4403 and says nothing", () => {
  const peer = new Conversation().open({ keyName: null });
  authenticate(peer, { token: "wrong" });
  assert.deepEqual(peer.texts(), []);
  assert.equal(peer.closeCode(), 4403);
});

Deno.test("A5: before authentication a frame with req gets 401, one without is dropped", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  peer.say({ target: "/a", method: "GET", req: "r" });
  assert.deepEqual(peer.heardOne(), {
    target: "/a",
    method: "REPLY",
    data: {
      status: 401,
      error: {
        error: "Invalid authorization key.",
        message: "Authenticate first: ACTION /_rep/auth with data.token",
        code: "unauthorized",
        sent: false,
      },
    },
    req: "r",
  });
  peer.say({ target: "/a", method: "ACTION" });
  peer.say({ target: "/_rep/ping", method: "GET" });
  assert.deepEqual(peer.texts(), []);
  assert.equal(talk.submitted.length, 0);
});

Deno.test("A5: before authentication the other targets below /_rep/ are refused too", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  for (
    const [method, name] of [["GET", "ping"], ["DELETE", "session"], [
      "GET",
      "auth",
    ]]
  ) {
    peer.say({ target: `/_rep/${name}`, method, req: 1 });
    assert.equal(peer.heardOne().data.status, 401);
  }
});

Deno.test("A5: before authentication a frame of 16 KiB is read, a larger one closes with 1009", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  const frame = JSON.stringify({ target: "/a", method: "GET", x: "" });
  const padded = (bytes: number) =>
    frame.replace('""', `"${"x".repeat(bytes - frame.length)}"`);
  peer.raw(padded(16_384));
  assert.equal(peer.closeCode(), 0);
  peer.raw(padded(16_385));
  assert.equal(peer.closeCode(), 1009);
});

Deno.test("A5: the eleventh frame before authentication closes with 4401", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  for (let count = 0; count < 10; count++) {
    peer.raw(
      [
        "?",
        '{"target":"/a","method":"REPLY"}',
        '{"method":"GET","target":"/a"}',
      ][count % 3] ?? "",
    );
    peer.raw("PING");
  }
  assert.equal(peer.closeCode(), 0);
  peer.say({ target: "/a", method: "GET", req: 1 });
  assert.equal(peer.closeCode(), 4401);
});

Deno.test("A6: a socket that has not authenticated within 10 s is closed with 4408", () => {
  const talk = new Conversation();
  const late = talk.open({ keyName: null });
  talk.nowMs += 5_000;
  const later = talk.open({ keyName: null });
  const known = talk.open();
  assert.equal(talk.machine.wakeAtMs, talk.nowMs + 5_000);
  talk.pass(4_999);
  assert.equal(late.closeCode(), 0);
  talk.pass(1);
  assert.deepEqual([late.closeCode(), later.closeCode()], [4408, 0]);
  authenticate(later, { token: KEY });
  talk.pass(60_000);
  assert.deepEqual([later.closeCode(), known.closeCode()], [0, 0]);
});

Deno.test("A7: a second authentication with the same key is answered 200 and refreshes options", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  authenticate(peer, { token: KEY });
  authenticate(peer, { token: KEY, session: "s" }, 2);
  assert.equal(peer.heardOne().data.data.session, "s");
});

Deno.test("A7: who is known may leave the token out of a second authentication", () => {
  const talk = new Conversation();
  const peer = talk.open();
  authenticate(peer, { session: "s" }, 1);
  assert.equal(peer.heardOne().data.status, 200);
});

for (const token of [OTHER_KEY, "wrong", 5]) {
  Deno.test(`A7: a second authentication with ${token} gets 403 and changes nothing`, () => {
    const talk = new Conversation();
    const peer = talk.open();
    authenticate(peer, { token, session: "s" }, 1);
    const frame = peer.heardOne();
    assert.equal(frame.data.status, 403);
    assert.equal(frame.data.error.code, "forbidden");
    assert.equal(peer.closeCode(), 0);
    peer.say({ target: "/a", method: "GET", req: 1 });
    assert.equal(talk.last.request.identity.id, "bot:main");
    assert.equal(talk.store.size, 0);
  });
}

for (
  const data of [
    { token: "refuse" },
    { token: KEY, session: "" },
    { token: KEY, session: "a b" },
    { token: KEY, session: "x".repeat(65) },
    { token: KEY, session: 5 },
    { token: KEY, session: "s", expiry: -1 },
    { token: KEY, session: "s", expiry: "60" },
    { token: KEY, session: "s", lastSeq: "1" },
    { token: KEY, authorization: 1 },
    { token: KEY, client: {} },
  ]
) {
  Deno.test(`A3: the authentication ${JSON.stringify(data)} gets 400 and may be repeated`, () => {
    const talk = new Conversation();
    const peer = talk.open({ keyName: null });
    authenticate(peer, data, 1);
    assert.equal(peer.heardOne().data.status, 400);
    assert.equal(peer.closeCode(), 0);
    assert.equal(talk.store.size, 0);
    authenticate(peer, { token: KEY }, 2);
    assert.equal(peer.heardOne().data.status, 200);
  });
}

Deno.test("A6: when too many have not authenticated the oldest is closed with 1013", () => {
  const talk = new Conversation({ limits: { unauthenticatedConnections: 2 } });
  const peers = [1, 2, 3].map(() => talk.open({ keyName: null }));
  assert.deepEqual(peers.map((peer) => peer.closeCode()), [1013, 0, 0]);
});

Deno.test("J1: the authentication reply names version 1, and unknown members are ignored", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  authenticate(peer, { token: KEY, ext: true, future: { a: 1 } }, 1);
  assert.equal(peer.heardOne().data.data.version, 1);
});
