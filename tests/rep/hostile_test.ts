import assert from "node:assert/strict";
import { fc } from "../deps.ts";
import { Conversation, type Peer } from "./_conversation.ts";

const SEED = 20261121;
const encoder = new TextEncoder();

/** Whether the connection still serves what is right. */
function assertServes(talk: Conversation, peer: Peer): void {
  peer.texts();
  peer.say({ target: "/alive", method: "GET", req: "alive" });
  talk.answer(talk.last.id, 200, "yes");
  assert.equal(peer.heardOne().data.data, "yes");
}

/** Lets a machine take any number of malformed frames. */
function patient(): Conversation {
  return new Conversation({ limits: { malformedFrames: 1e6 } });
}

Deno.test(`C9: random text and bytes are answered or served, never thrown at (seed ${SEED})`, () => {
  const talk = patient();
  const peer = talk.open({ hasOptedIn: true });
  const message = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.json(),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) =>
      new Uint8Array([0, 0, 0, bytes.length, ...bytes])
    ),
    fc.json().map((json) => encoder.encode(json)),
  );
  fc.assert(
    fc.property(message, (each) => {
      peer.raw(each);
      for (const frame of peer.heard()) {
        assert.equal(frame.method, "REPLY");
        assert.ok(frame.data.status >= 400);
      }
      assert.equal(peer.closeCode(), 0);
    }),
    { seed: SEED, numRuns: 3_000 },
  );
  assertServes(talk, peer);
});

Deno.test(`C12: frames with wrong types everywhere get at most one REPLY each (seed ${SEED})`, () => {
  const talk = new Conversation({ limits: { maxInFlight: 1e6 } });
  const member = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
      "/a",
      "GET",
      "ACTION",
      "REPLY",
      "/_rep/auth",
      "/_rep/ack",
      "/_rep/cancel",
      "/_rep/session",
      "__proto__",
    ),
  );
  const names = [
    "target",
    "method",
    "data",
    "req",
    "ack",
    "opts",
    "headers",
    "files",
  ];
  const frame = fc.record(
    Object.fromEntries(names.map((name) => [name, member])),
    { requiredKeys: ["target", "method"] },
  );
  fc.assert(
    fc.property(frame, fc.boolean(), (each, isSession) => {
      const peer = isSession ? talk.openSession("s") : talk.open();
      peer.texts();
      const before = talk.submitted.length;
      peer.say(each);
      const heard = peer.heard();
      const hasReq = (each["req"] ?? null) !== null;
      assert.ok(heard.length + talk.submitted.length - before <= 1);
      if (!hasReq) assert.equal(heard.length, 0);
      if (peer.closeCode() === 0) peer.vanish();
    }),
    { seed: SEED, numRuns: 3_000 },
  );
});

Deno.test(`C31: any req comes back as the same JSON value (seed ${SEED})`, () => {
  const talk = new Conversation();
  const peer = talk.open();
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (req) => {
      peer.say({ target: "/a", method: "GET", req });
      const isTooLong = encoder.encode(JSON.stringify(req)).byteLength > 512;
      if (!isTooLong) talk.answer(talk.last.id, 200, 1);
      const heard = peer.heard();
      if (req === null) return assert.equal(heard.length, 0);
      assert.deepEqual(heard[0].req, JSON.parse(JSON.stringify(req)));
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

Deno.test(`C27: integers from 2^53 - 1 to 2^64 - 1 keep their digits in req and data (seed ${SEED})`, () => {
  const talk = new Conversation();
  const peer = talk.open();
  fc.assert(
    fc.property(
      fc.bigInt({ min: 2n ** 53n - 1n, max: 2n ** 64n - 1n }),
      fc.boolean(),
      (integer, isNegative) => {
        const digits = `${isNegative ? "-" : ""}${integer}`;
        peer.raw(
          `{"target":"/a","method":"ACTION","data":[${digits}],"req":${digits}}`,
        );
        const { id, request } = talk.last;
        assert.equal(new TextDecoder().decode(request.body), `[${digits}]`);
        talk.answerRaw(id, 200, "application/json", encoder.encode(digits));
        const [text = ""] = peer.texts();
        assert.ok(text.includes(`"data":${digits}}`), text);
        assert.ok(text.includes(`"req":${digits}}`), text);
      },
    ),
    { seed: SEED, numRuns: 1_000 },
  );
});

for (const depth of [10_000, 1_000_000]) {
  Deno.test(`C10: ${depth} levels of nesting are refused and harm nothing`, () => {
    const talk = new Conversation();
    const peer = talk.open();
    const nested = "[".repeat(depth) + "]".repeat(depth);
    peer.raw(nested);
    peer.raw("[".repeat(depth));
    peer.raw('{"a":'.repeat(depth));
    peer.raw(`{"target":"/a","method":"ACTION","data":${nested},"req":1}`);
    const heard = peer.heard();
    assert.deepEqual(
      heard.map((frame) => frame.data.error.code),
      Array(4).fill("bad_frame"),
    );
    assertServes(talk, peer);
  });
}

Deno.test("C8: a body nested as deep as Discord's own crosses", () => {
  const talk = new Conversation();
  const nested = `${"[".repeat(500)}${"]".repeat(500)}`;
  talk.open().raw(`{"target":"/a","method":"ACTION","data":${nested}}`);
  assert.equal(new TextDecoder().decode(talk.last.request.body), nested);
});

Deno.test("C32: a req of 1 MiB in any form is refused and harms nothing", () => {
  const talk = new Conversation();
  const peer = talk.open();
  const long = "x".repeat(1_048_576);
  for (const req of [long, [long], { a: long }, Array(90_000).fill(1)]) {
    peer.say({ target: "/a", method: "ACTION", req });
    assert.equal(peer.heardOne().data.error.code, "bad_req");
  }
  assert.equal(talk.submitted.length, 0);
  assertServes(talk, peer);
});

Deno.test("C58: close storms and answers in every order leave nothing behind", () => {
  const talk = new Conversation();
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 40 }),
      (steps) => {
        let peer = talk.openSession("s", { data: { expiry: 0 } });
        const peers = [peer];
        for (const [at, step] of steps.entries()) {
          if (step === 0) peer.vanish();
          else if (step === 1) peers.push(peer = talk.openSession("s"));
          else if (step === 2) {
            peer.say({ target: "/a", method: "GET", req: at });
          } else if (step === 3) {
            peer.say({ target: "/_rep/session", method: "DELETE" });
          } else if (step === 4) peer.raw("?");
          else if (step === 5) {
            talk.perform(talk.machine.measured(peer.id, at, talk.moment));
          } else {for (const { id } of talk.submitted.splice(0)) {
              talk.answer(id, 200, at);
            }}
        }
        for (const { id } of talk.submitted.splice(0)) talk.answer(id, 200, 1);
        for (const each of peers) each.vanish();
        talk.pass(86_400_000);
        talk.pass(86_400_000);
        const { connections, sessions, inFlight, mailboxBytes } = talk.machine
          .snapshot();
        assert.deepEqual([connections, sessions, inFlight, mailboxBytes], [
          0,
          0,
          0,
          0,
        ]);
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("F3: 50 MB for a client that never reads stay in bounds and all arrive after it resumes", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  let unsent = 0;
  for (let n = 1; n <= 50; n++) {
    peer.say({ target: "/a", method: "GET", req: n });
    talk.buffered.set(peer.id, unsent);
    talk.answer(talk.last.id, 200, "x".repeat(1_000_000));
    unsent += peer.texts().reduce((sum, text) => sum + text.length, 0);
    talk.buffered.set(peer.id, unsent);
    talk.pass(25);
  }
  assert.ok(unsent < 12_000_000, `${unsent} bytes were handed to the socket`);
  assert.equal(peer.closeCode(), 0);
  for (let ms = 0; ms <= 30_000; ms += 25) talk.pass(25);
  assert.equal(peer.closeCode(), 4413);
  const again = talk.openSession("s");
  const seqs = again.heard().slice(1).map((frame) => frame.seq);
  assert.deepEqual(seqs, Array.from({ length: 50 }, (_, n) => n + 1));
});

Deno.test("I1: 100 requests re-sent twice on resume are executed once each", () => {
  const talk = new Conversation();
  const frames = Array.from({ length: 100 }, (_, n) => ({
    target: "/a",
    method: "ACTION",
    data: { n },
    req: `r${n}`,
  }));
  for (const frame of frames) talk.openSession("s").say(frame);
  const ids = talk.submitted.map(({ id }) => id);
  for (const id of ids.slice(0, 50)) talk.answer(id, 200, id);
  let peer = talk.openSession("s");
  for (const frame of frames) peer.say(frame);
  peer = talk.openSession("s");
  peer.texts();
  for (const frame of frames) peer.say(frame);
  for (const id of ids.slice(50)) talk.answer(id, 200, id);
  assert.equal(talk.submitted.length, 100);
  const heard = peer.heard();
  assert.equal(heard.length, 100);
  assert.equal(new Set(heard.map((frame) => frame.req)).size, 100);
});
