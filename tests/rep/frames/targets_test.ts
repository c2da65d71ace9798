import assert from "node:assert/strict";
import { parseTarget } from "../../../rest/routes/parse_target.ts";
import { Conversation } from "../_conversation.ts";

/** What a frame with this target comes to: the path and query upstream, or the refusal. */
function outcomeOf(target: unknown): string {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target, method: "GET", req: 1 });
  const [submitted] = talk.submitted;
  if (submitted !== undefined) {
    const { version, path, query } = submitted.request.target;
    return `/v${version}${path}${query}`;
  }
  const { data } = peer.heardOne();
  assert.equal(data.status, 400);
  assert.equal(data.error.code, "bad_target");
  assert.ok(data.error.sent === false);
  return data.error.message;
}

Deno.test("C13: without a target a frame is refused, and its req echoed", () => {
  const peer = new Conversation().open();
  peer.say({ method: "GET", req: 2 });
  assert.deepEqual(peer.heardOne(), {
    target: "error",
    method: "REPLY",
    data: {
      status: 400,
      error: { message: "Missing target", code: "bad_target", sent: false },
    },
    req: 2,
  });
});

for (const target of [5, null, true, {}, ["/a"], ""]) {
  Deno.test(`C13: the target ${JSON.stringify(target)} is invalid, and echoed as it is`, () => {
    const peer = new Conversation().open();
    peer.say({ target, method: "GET", req: 1 });
    const frame = peer.heardOne();
    assert.equal(frame.data.error.message, "Invalid target");
    assert.deepEqual(frame.target, target);
  });
}

Deno.test("C14: a missing slash is supplied for routing, the echo keeps the spelling", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "users/1", method: "GET", req: 1 });
  assert.equal(talk.last.request.target.path, "/users/1");
  talk.answer(talk.last.id, 200, {});
  assert.equal(peer.heardOne().target, "users/1");
});

Deno.test("C15: the query reaches upstream unchanged", () => {
  const query = "?a=1&a=2&b=%7B%22x%22%7D&c='&d=+&e=?/&f=%2e%2e&g";
  assert.equal(outcomeOf(`/a${query}`), `/v10/a${query}`);
});

Deno.test("C15: only raw characters beyond ASCII are percent-encoded", () => {
  assert.equal(
    outcomeOf("/a/👍/@me?q=é%20ü"),
    "/v10/a/%F0%9F%91%8D/@me?q=%C3%A9%20%C3%BC",
  );
});

for (
  const [target, path] of [
    ["http://proxy.test:8000/users/1?x=1", "/v10/users/1?x=1"],
    ["HTTP://Proxy.Test:8000/users/1", "/v10/users/1"],
    ["https://discord.com/api/v9/users/1", "/v9/users/1"],
    ["https://discord.com:443/api/users/1", "/v10/users/1"],
    [
      "https://discord.com/api/v10/a?next=https://x.test/",
      "/v10/a?next=https://x.test/",
    ],
  ] as const
) {
  Deno.test(`C16: the absolute URL ${target} is reduced to ${path}`, () => {
    assert.equal(outcomeOf(target), path);
  });
}

for (
  const target of [
    "http://169.254.169.254/latest/meta-data",
    "https://discord.com.evil.test/api/v10/users/1",
    "https://discord.com@evil.test/api/v10/users/1",
    "https://user@discord.com/api/v10/users/1",
    "https://discord.com:8443/api/v10/users/1",
    "http://discord.com/api/v10/users/1",
    "http://proxy.test/users/1",
    "ftp://discord.com/a",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,hi",
    "https:discord.com/api",
    "https:/discord.com/api",
    "https:\\\\discord.com\\api",
  ]
) {
  Deno.test(`C16: the absolute URL ${target} touches no network`, () => {
    assert.match(outcomeOf(target), /^Invalid target/);
  });
}

for (
  const target of [
    "//evil.test/a",
    "/\\evil.test/a",
    "/a\\b",
    "/a#b",
    "/a?b#c",
    "/a/../b",
    "/a/..",
    "/./a",
    "/a/%2e%2e/b",
    "/a/%2E./b",
    "/a/.%2e/b",
    "/a/%252e%252e/b",
    "/a%2f..%2fb",
    "/a%5cb",
    "/a\nb",
    "/a\r\nHost: evil.test",
    "/a\0b",
    "/a\x7fb",
    "/a?b=\n",
    "..",
    "../../api",
    "https://discord.com/api/v10/../../evil",
    "https://discord.com//evil.test/a",
    "/a/\ud800",
  ]
) {
  Deno.test(`C17: the target ${JSON.stringify(target)} is refused`, () => {
    assert.match(outcomeOf(target), /^Invalid target: /);
  });
}

for (
  const target of [
    "/users/1",
    "/v9/users/1",
    "/api/v10/users/1?x='&y=%2F",
    "/api/users/1",
    "/v6/users/1",
    "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    "/v10",
    "/",
    "/a b",
  ]
) {
  Deno.test(`C18: ${target} goes where the HTTP listener sends it`, () => {
    const parsed = parseTarget(target, 10);
    const { version, path, query } = parsed.ok
      ? parsed.target
      : { version: 0, path: "", query: "" };
    assert.equal(
      outcomeOf(target),
      parsed.ok
        ? `/v${version}${path}${query}`
        : `Invalid target: ${parsed.problem}`,
    );
  });
}
