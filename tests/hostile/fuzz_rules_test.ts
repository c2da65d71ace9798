import assert from "node:assert/strict";
import type { ReceivedRequest } from "../../sim/server.ts";
import {
  NoResponse,
  ResponseReader,
} from "../../tools/fuzz/response_reader.ts";
import {
  problemOf,
  secretIn,
  upstreamProblemOf,
  withoutEcho,
} from "../../tools/fuzz/rules.ts";

const SECRETS = { key: "the-key-of-this-test", token: "the.token.here" };

function responseOf(status: number, headers: Record<string, string> = {}) {
  return { status, headers: new Map(Object.entries(headers)), body: "" };
}

Deno.test("the fuzzer's rules find a fault of the proxy's own, and a code with another's status", () => {
  const internal = responseOf(500, { "x-rest-proxy": "internal" });
  assert.equal(problemOf(internal), "was refused with internal");
  const mixed = responseOf(401, { "x-rest-proxy": "bad_path" });
  assert.equal(problemOf(mixed), "bad_path came with 401");
  assert.equal(problemOf(responseOf(500)), "the proxy, unsigned, answered 500");
  const upstream = responseOf(400, { via: "1.1 google" });
  assert.equal(problemOf(upstream), "upstream answered 400");
  const fine = responseOf(400, { "x-rest-proxy": "bad_path" });
  assert.equal(problemOf(fine), undefined);
});

Deno.test("the fuzzer's rules find a secret in any text", () => {
  assert.equal(secretIn(`x${SECRETS.key}x`, SECRETS), "the key");
  assert.equal(secretIn(SECRETS.token, SECRETS), "the token");
  assert.equal(secretIn("the-key-of-that-test", SECRETS), undefined);
  const echo = `{"headers":{"content-type":"${SECRETS.key}"}}`;
  assert.equal(secretIn(withoutEcho(echo), SECRETS), undefined);
  assert.equal(
    secretIn(withoutEcho(`${SECRETS.key} ${echo}`), SECRETS),
    "the key",
  );
});

const GOOD: Pick<
  ReceivedRequest,
  "method" | "target" | "headers" | "bodyBytes"
> = {
  method: "POST",
  target: "/api/v10/channels/1/messages?a=%0d",
  headers: [
    ["host", "discord"],
    ["authorization", "Bot the.token.here"],
    ["content-length", "2"],
  ],
  bodyBytes: 2,
};

function problemUpstream(change: Partial<ReceivedRequest>): string | undefined {
  const request = { ...GOOD, ...change } as ReceivedRequest;
  return upstreamProblemOf(request, "discord", SECRETS);
}

Deno.test("the fuzzer's rules let a good request upstream, and none that is bent", () => {
  assert.equal(problemUpstream({}), undefined);
  const withHeader = (name: string, value: string) =>
    problemUpstream({ headers: [...GOOD.headers, [name, value]] });
  for (
    const problem of [
      problemUpstream({ method: "TRACE" }),
      problemUpstream({ target: "/api/v10/../x" }),
      problemUpstream({ target: "/api/v10/x\\y" }),
      problemUpstream({ target: "http://evil.example/" }),
      problemUpstream({ target: "/api/v10/hidden" }),
      problemUpstream({ bodyBytes: 3 }),
      withHeader("Host", "evil.example"),
      withHeader("content-length", "2"),
      withHeader("authorization", "Bot other"),
      withHeader("X-Rest-Authorization", "x"),
      withHeader("transfer-encoding", "chunked"),
      withHeader("cookie", "a=b"),
      problemUpstream({
        headers: [["host", "discord"], [
          "authorization",
          `Bot x, ${SECRETS.key}`,
        ]],
      }),
    ]
  ) assert.notEqual(problem, undefined);
});

Deno.test("ResponseReader cuts responses wherever the bytes were cut", () => {
  const text = "HTTP/1.1 100 Continue\r\n\r\n" +
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: b\r\nX-A: c\r\n\r\nabc" +
    "HTTP/1.1 204 No Content\r\n\r\n" +
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
  for (let at = 0; at < text.length; at++) {
    const reader = new ResponseReader();
    const all = [
      ...reader.push(text.slice(0, at)),
      ...reader.push(text.slice(at)),
    ];
    const told = all.map(({ status, body }) => [status, body]);
    assert.deepEqual(told, [[200, "abc"], [204, ""], [404, "abcd"]]);
    assert.equal(all[0]?.headers.get("x-a"), "b, c");
    assert.equal(reader.rest, "");
  }
});

const NONSENSE: Readonly<Record<string, string>> = {
  "another protocol": "SSH-2.0-x\r\n",
  "no status": "HTTP/1.1 OK\r\n\r\n",
  "a header without a name": "HTTP/1.1 200 OK\r\n: a\r\n\r\n",
  "a bare CR in a header": "HTTP/1.1 200 OK\r\nX-A: a\rb\r\n\r\n",
  "no framing": "HTTP/1.1 200 OK\r\n\r\nabc",
  "two lengths":
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
  "two framings":
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  "a chunk longer than its size":
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
};

for (const [name, text] of Object.entries(NONSENSE)) {
  Deno.test(`ResponseReader takes no response with ${name}`, () => {
    assert.throws(() => new ResponseReader().push(text), NoResponse);
  });
}
