import assert from "node:assert/strict";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import { noncesOf, requestOf } from "../../dispatcher/_builders.ts";

const JSON_TYPE = { headers: [["content-type", "application/json"]] as const };

/** Of a message that no journal knows. */
const ENDED = { entryId: "", print: "" };

function messageOf(change: Parameters<typeof requestOf>[1] = {}): ProxyRequest {
  return requestOf("POST", {
    text: '{"content":"ok"}',
    ...JSON_TYPE,
    ...change,
  });
}

/** Without a name of its caller's. */
function asked(request: ProxyRequest) {
  return { request, guarantee: undefined };
}

Deno.test("a nonce has 25 characters, and each message another one", () => {
  const nonces = noncesOf({ addsNonces: true });
  const drawn = [1, 2].map(() => nonces.nonceFor(asked(messageOf()), 0)?.added);
  assert.match(drawn.join(" "), /^[A-Za-z0-9_-]{25} [A-Za-z0-9_-]{25}$/);
  assert.notEqual(drawn[0], drawn[1]);
});

Deno.test("no other request has a nonce: no webhook, no interaction, no thread, no edit", () => {
  const nonces = noncesOf({ addsNonces: true });
  for (
    const [method, path] of [
      ["POST", "/webhooks/500000000000000001/token"],
      ["POST", "/interactions/1/token/callback"],
      ["POST", "/channels/1/threads"],
      ["PATCH", "/channels/1/messages/2"],
      ["GET", "/channels/1/messages"],
    ] as const
  ) {
    const request = requestOf(method, { path, text: "{}", ...JSON_TYPE });
    assert.equal(nonces.nonceFor(asked(request), 0), undefined, path);
  }
});

Deno.test("while none are added, a message has one only where its caller asks, and the same by the same name", () => {
  const nonces = noncesOf();
  assert.equal(nonces.nonceFor(asked(messageOf()), 0), undefined);
  const own = messageOf({ text: '{"nonce":"1","enforce_nonce":true}' });
  assert.equal(nonces.nonceFor(asked(own), 0), undefined);
  const named = (dedupe: string) =>
    noncesOf().nonceFor(asked(messageOf({ dedupe })), 0)?.added;
  assert.equal(named("a")?.length, 25);
  assert.equal(named("a"), named("a"));
  assert.notEqual(named("a"), named("b"));
});

Deno.test("a message keeps the nonce that it brings", () => {
  const nonces = noncesOf({ addsNonces: true });
  const own = messageOf({ text: '{"nonce":"1","enforce_nonce":true}' });
  assert.deepEqual(nonces.nonceFor(asked(own), 0), {
    added: undefined,
    sentAtMs: undefined,
  });
  const unenforced = messageOf({ text: '{"nonce":"1"}' });
  assert.equal(nonces.nonceFor(asked(unenforced), 0), undefined);
});

Deno.test("an equal message has the nonce of one that ended in doubt, and of no other", () => {
  const after = (
    status: number | undefined,
    mayHaveRun: boolean,
    isSent = true,
  ) => {
    const nonces = noncesOf({ addsNonces: true });
    const request = messageOf();
    const added = nonces.nonceFor(asked(request), 0)?.added;
    const nonce = { added, sentAtMs: isSent ? 0 : undefined };
    nonces.ended(
      { ...ENDED, ...asked(request), nonce, mayHaveRun },
      status,
      10,
    );
    return nonces.nonceFor(asked(messageOf()), 20)?.added === added;
  };
  const inDoubt = true;
  const notMade = false;
  const unsent = false;
  assert.ok(after(502, inDoubt));
  assert.ok(after(500, inDoubt));
  assert.ok(after(undefined, inDoubt));
  assert.ok(after(404, inDoubt), "a 404 after a 502");
  assert.ok(!after(200, inDoubt));
  assert.ok(!after(403, notMade));
  assert.ok(!after(undefined, notMade, unsent), "never sent");
});

Deno.test("a request that its caller named takes and leaves no nonce of another", () => {
  for (const [isFirstNamed, isSecondNamed] of [[true, false], [false, true]]) {
    const nonces = noncesOf({ addsNonces: true });
    const request = messageOf();
    const guarantee = (isNamed = false) =>
      isNamed
        ? { owner: "key", idempotencyKey: "a", fingerprint: "" }
        : undefined;
    const first = { request, guarantee: guarantee(isFirstNamed) };
    const added = nonces.nonceFor(first, 0)?.added;
    const nonce = { added, sentAtMs: 0 };
    nonces.ended({ ...ENDED, ...first, nonce, mayHaveRun: true }, 502, 10);
    const second = { request, guarantee: guarantee(isSecondNamed) };
    assert.notEqual(nonces.nonceFor(second, 20)?.added, added);
  }
});
