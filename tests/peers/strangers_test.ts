/** Whoever comes to the port for peers without their key, over real sockets. */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { KEY } from "../_proxy.ts";
import { PEER_KEY, startCluster } from "./_cluster.ts";

/** What a door sends beside a request: all but the key is right. */
const CALL = JSON.stringify({
  from: "p1",
  caller: "default",
  identity: { own: "bot:123456789012345678" },
  urgency: 3,
  isOrdered: true,
});

const KEYS: ReadonlyArray<readonly [what: string, fields: string]> = [
  ["no key", ""],
  ["a wrong key", `x-rest-peer-key: ${PEER_KEY}x\r\n`],
  ["an empty key", "x-rest-peer-key: \r\n"],
  ["the key of callers", `x-rest-peer-key: ${KEY}\r\n`],
  ["the key where callers show theirs", `authorization: ${PEER_KEY}\r\n`],
];

const REQUESTS: readonly string[] = [
  "POST /api/v10/channels/1/messages",
  "GET /api/v10/users/@me",
  "POST /_peer/question",
  "GET /_rep/requests",
  "GET /rep",
  "GET /admin",
  "GET /metrics",
  "POST /update-bearer-token",
];

for (const [what, field] of KEYS) {
  Deno.test(`with ${what} nothing is served at the port for peers: 401 before a byte of the body, and nothing reaches Discord`, async () => {
    await using sim = await startSim();
    await using cluster = await startCluster({ upstream: sim.url, count: 1 });
    const [{ peerUrl = "" } = {}] = cluster.proxies;
    for (const line of REQUESTS) {
      const upgrade = line === "GET /rep"
        ? "connection: upgrade\r\nupgrade: websocket\r\n" +
          "sec-websocket-version: 13\r\n" +
          `sec-websocket-key: ${btoa("0123456789abcdef")}\r\n`
        : "";
      // A megabyte is announced, and never comes.
      const length = line.startsWith("POST")
        ? "content-length: 1000000\r\n"
        : "";
      const head = `${line} HTTP/1.1\r\nhost: peer\r\n${field}${upgrade}` +
        `x-rest-peer-call: ${CALL}\r\n${length}\r\n`;
      assert.match(await firstLine(peerUrl, head), /^HTTP\/1\.1 401 /, line);
    }
    assert.deepEqual(sim.requests(), []);
  });
}

Deno.test("with the key of the peers the same request is served", async () => {
  await using sim = await startSim();
  await using cluster = await startCluster({ upstream: sim.url, count: 1 });
  const [{ peerUrl = "" } = {}] = cluster.proxies;
  const head = "GET /api/v10/users/@me HTTP/1.1\r\nhost: peer\r\n" +
    `x-rest-peer-key: ${PEER_KEY}\r\nx-rest-peer-call: ${CALL}\r\n\r\n`;
  assert.match(await firstLine(peerUrl, head), /^HTTP\/1\.1 200 /);
  assert.equal(sim.requests().length, 1);
});

/** The first line of what comes back. */
async function firstLine(url: string, head: string): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(head));
  const buffer = new Uint8Array(4_096);
  const count = await connection.read(buffer) ?? 0;
  const text = new TextDecoder().decode(buffer.subarray(0, count));
  return text.split("\r\n")[0] ?? "";
}
