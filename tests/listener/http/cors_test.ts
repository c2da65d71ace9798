import assert from "node:assert/strict";
import { KEY, startBench } from "../_bench.ts";
import { headerIn } from "../_raw_http.ts";

const PAGE = "https://dashboard.example";
const LISTED = { settings: { origins: new Set([PAGE]) } };

function preflight(origin: string, lines = ""): string {
  return `OPTIONS /api/v10/users/@me HTTP/1.1\r\nHost: proxy\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: PATCH\r\n${lines}\r\n`;
}

Deno.test("a listed page is told before it sends that it may, and which headers", async () => {
  await using bench = await startBench(LISTED);
  const answer = await bench.sendRaw(
    preflight(PAGE, "Access-Control-Request-Headers: authorization, x-a\r\n"),
  );
  assert.equal(answer.status, 204);
  assert.equal(headerIn(answer, "access-control-allow-origin"), PAGE);
  assert.equal(
    headerIn(answer, "access-control-allow-headers"),
    "authorization, x-a",
  );
  assert.match(
    headerIn(answer, "access-control-allow-methods") ?? "",
    /GET, POST, PUT, PATCH, DELETE/,
  );
  assert.equal(headerIn(answer, "vary"), "origin");
  assert.equal(bench.submitted.length, 0);
});

Deno.test("other pages are told nothing, whatever they ask, nor is anybody where no page is listed", async () => {
  await using listed = await startBench(LISTED);
  await using none = await startBench();
  for (
    const [bench, origin] of [
      [listed, "https://evil.example"],
      [listed, "null"],
      [listed, `${PAGE}.evil.example`],
      [none, PAGE],
    ] as const
  ) {
    const asked = await bench.sendRaw(preflight(origin));
    assert.notEqual(asked.status, 204);
    const sent = await bench.send("GET /gateway", `Origin: ${origin}\r\n`);
    for (const answer of [asked, sent]) {
      assert.equal(headerIn(answer, "access-control-allow-origin"), undefined);
    }
  }
});

Deno.test("a listed page reads answers and refusals, with the headers that tell of limits; what Discord says of pages is left out", async () => {
  await using bench = await startBench(LISTED);
  bench.answer = {
    status: 200,
    headers: [["access-control-allow-origin", "https://discord.com"]],
    body: undefined,
  };
  const answered = await bench.send("GET /gateway", `Origin: ${PAGE}\r\n`);
  assert.equal(answered.status, 200);
  const refused = await bench.sendRaw(
    `GET /gateway HTTP/1.1\r\nHost: proxy\r\nOrigin: ${PAGE}\r\n\r\n`,
  );
  assert.equal(refused.status, 401);
  for (const answer of [answered, refused]) {
    const allowed = answer.headers.filter(([name]) =>
      name === "access-control-allow-origin"
    );
    assert.deepEqual(allowed, [["access-control-allow-origin", PAGE]]);
    assert.match(
      headerIn(answer, "access-control-expose-headers") ?? "",
      /retry-after.*x-ratelimit-reset-after.*x-rest-proxy/,
    );
  }
});

Deno.test("a preflight needs no key, and a header that cannot be one is not repeated", async () => {
  await using bench = await startBench(LISTED);
  const answer = await bench.sendRaw(
    preflight(
      PAGE,
      "Access-Control-Request-Headers: x-a; x-b\r\nAccess-Control-Request-Private-Network: true\r\n",
    ),
  );
  assert.equal(answer.status, 204);
  assert.equal(headerIn(answer, "access-control-allow-headers"), "");
  assert.equal(
    headerIn(answer, "access-control-allow-private-network"),
    "true",
  );
  assert.ok(!JSON.stringify(answer).includes(KEY));
});
