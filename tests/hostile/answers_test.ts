import assert from "node:assert/strict";
import { KEY } from "../_proxy.ts";
import { ANSWERS } from "./_answers.ts";
import { GOOD_BODY, startHostileUpstream } from "./_hostile_upstream.ts";
import { GOOD, startStand } from "./_stand.ts";
import { Wire } from "./_wire.ts";

const POST =
  `POST /api/v10/channels/1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\nContent-Length: 2\r\n\r\n{}`;

for (const { tried, cameBack, reply, sent = 1, body } of ANSWERS) {
  Deno.test(`upstream: ${tried}: ${cameBack}`, async () => {
    let answer = (_: Deno.TcpConn) => Promise.resolve();
    await using upstream = startHostileUpstream((socket) => answer(socket));
    await using stand = await startStand(upstream.url);
    answer = reply(`127.0.0.1:${stand.decoyPort}`);
    using wire = await Wire.open(stand.port);
    await wire.send(POST);
    await wire.read(1);
    assert.equal(tell(wire), cameBack);
    if (body !== undefined) assert.equal(wire.responses[0]?.body, body);
    assert.equal(upstream.posts, sent);
    await assertOwnAnswer(stand.port);
    await stand.assertUnharmed();
  });
}

function tell({ responses: [response], isClosed }: Wire): string {
  if (response === undefined) {
    return isClosed ? "the beginning, closed" : "nothing";
  }
  const code = response.headers.get("x-rest-proxy");
  return code === undefined
    ? `${response.status}`
    : `${response.status} \`${code}\``;
}

/** Nothing that was left over on a connection may become somebody else's answer. */
async function assertOwnAnswer(port: number): Promise<void> {
  using wire = await Wire.open(port);
  await wire.send(GOOD);
  await wire.read(1);
  assert.equal(wire.responses[0]?.body, GOOD_BODY);
}
