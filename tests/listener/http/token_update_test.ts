import assert from "node:assert/strict";
import type { Identity } from "../../../rest/domain/identity.ts";
import { broughtIdentity } from "../../../rest/listener/access/credentials.ts";
import { KEY, startBench } from "../_bench.ts";
import { headerIn, type RawResponse } from "../_raw_http.ts";

interface Moved {
  readonly fromId: string;
  readonly to: Identity;
  readonly isIncluded: (caller: string) => boolean;
}

const PATH = "/update-bearer-token";

/** What a body comes to: the response, and the moves it caused. */
async function outcomeOf(
  body: string,
  start = `POST ${PATH}`,
): Promise<{ response: RawResponse; moves: Moved[] }> {
  const moves: Moved[] = [];
  await using bench = await startBench({
    moveRequests(which) {
      moves.push(which);
      return 3;
    },
  });
  const lines =
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  const response = await bench.send(start, lines, body);
  return { response, moves };
}

const idOf = (token: string) =>
  broughtIdentity(`Bearer ${token}`, { scheme: "bearer", token }).id;

for (
  const [oldToken, newToken] of [["old", "new"], ["Bearer old", "bearer new"]]
) {
  Deno.test(`${oldToken} becomes ${newToken} for what waits under the caller's key`, async () => {
    const { response, moves } = await outcomeOf(
      JSON.stringify({ oldToken, newToken }),
    );
    assert.equal(response.status, 200);
    assert.equal(response.body, '{"moved":3}');
    assert.equal(headerIn(response, "x-rest-proxy"), "moved");
    const [move] = moves;
    assert.equal(move?.fromId, idOf("old"));
    assert.equal(move?.to.id, idOf("new"));
    assert.equal(move?.to.authorization?.reveal(), "Bearer new");
    assert.ok(!move?.to.isOwn);
    assert.deepEqual(
      ["main/a", "main@h", "main", "other/a", "mainly/a"].map((caller) =>
        move?.isIncluded(caller)
      ),
      [true, true, true, false, false],
    );
  });
}

const LONGEST = "x".repeat(4_096);

const UNREADABLE = [
  "",
  "not json, but a secret",
  "[]",
  "null",
  "{}",
  '{"oldToken":"old"}',
  '{"oldToken":"old","newToken":7}',
  '{"oldToken":"","newToken":"new"}',
  '{"oldToken":"old","newToken":"a b"}',
  '{"oldToken":"old","newToken":"a\\r\\nx: y"}',
  `{"oldToken":"old","newToken":"${LONGEST}x"}`,
];

for (const body of UNREADABLE) {
  Deno.test(`${body.slice(0, 40)} is refused as no pair of tokens, without a word of it`, async () => {
    const { response, moves } = await outcomeOf(body);
    const { code, message } = JSON.parse(response.body);
    assert.equal(code, "bad_request");
    assert.equal(
      message,
      "Cannot read the tokens: a JSON object with oldToken and newToken is wanted, two bearer tokens",
    );
    assert.equal(moves.length, 0);
  });
}

Deno.test("tokens of up to 4,096 characters are taken", async () => {
  const { response } = await outcomeOf(
    JSON.stringify({ oldToken: "old", newToken: LONGEST }),
  );
  assert.equal(response.status, 200);
});

Deno.test("a body of more than 16 KiB is not read", async () => {
  const padding = " ".repeat(16 * 1024);
  const { response } = await outcomeOf(padding + "{}");
  assert.equal(response.status, 413);
});

Deno.test("other methods are told what to do", async () => {
  const { response } = await outcomeOf("", `GET ${PATH}`);
  const { code, message } = JSON.parse(response.body);
  assert.equal(code, "bad_method");
  assert.equal(
    message,
    "Cannot GET tokens: POST oldToken and newToken",
  );
});

Deno.test("what is below the path is nobody's", async () => {
  const { response } = await outcomeOf("{}", `POST ${PATH}/x`);
  assert.equal(JSON.parse(response.body).code, "no_such_target");
});

Deno.test("without a key nothing is read", async () => {
  let moves = 0;
  await using bench = await startBench({ moveRequests: () => ++moves });
  const response = await bench.sendRaw(
    `POST ${PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}`,
  );
  assert.equal(response.status, 401);
  assert.ok(!response.body.includes(KEY));
  assert.equal(moves, 0);
});
