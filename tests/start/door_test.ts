import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { TOKEN } from "../_proxy.ts";
import { type Child, startChild } from "./child.ts";
import { KEY } from "./_held_upstream.ts";
import { freePort } from "../../tools/free_port.ts";

const PEER_KEY = "a-key-of-the-peers-0123456789";
const TLS = new URL("../fixtures/tls/", import.meta.url);

async function addressOf(child: Child): Promise<string> {
  const [, address = ""] = await child.seen(
    /[Ll]istening on "?(https?:\/\/[0-9.:]+[0-9])/,
  );
  return address;
}

function message(address: string): Promise<Response> {
  return fetch(`${address}/api/v10/channels/1/messages`, {
    method: "POST",
    headers: { authorization: KEY, "content-type": "application/json" },
    body: '{"content":"through a door"}',
  });
}

for (const isServe of [true, false]) {
  const name = isServe ? "rest/serve.ts" : "the process";
  Deno.test(`${name} with REST_OWNER_URL hands its requests to that proxy, without Redis`, async () => {
    await using sim = await startSim();
    const shared = {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: sim.url,
      REST_PEER_KEY: PEER_KEY,
      REST_LOG_LEVEL: "debug",
    };
    const peerUrl = `http://127.0.0.1:${freePort()}`;
    await using owner = await startChild({
      env: { ...shared, REST_PEER_URL: peerUrl },
    });
    await owner.seen(/Other proxies reach this one at http/);
    await addressOf(owner);
    await using door = await startChild({
      isServe,
      env: { ...shared, REST_OWNER_URL: peerUrl },
    });
    const response = await message(await addressOf(door));
    assert.equal(response.status, 200);
    await response.body?.cancel();
    assert.equal(sim.requests().length, 1);
    await owner.seen(/POST \/channels\/\{channel_id\}\/messages/);
  });
}

Deno.test("proxies speak TLS with one another where REST_PEER_URL says https, and trust their own certificate's chain", async () => {
  await using sim = await startSim();
  const directory = await Deno.makeTempDir();
  const chain = `${directory}/chain.pem`;
  const [cert, ca] = await Promise.all(
    ["cert.pem", "ca.pem"].map((file) => Deno.readTextFile(new URL(file, TLS))),
  );
  await Deno.writeTextFile(chain, `${cert}\n${ca}`);
  const shared = {
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_PORT: "0",
    REST_UPSTREAM: sim.url,
    REST_PEER_KEY: PEER_KEY,
    REST_TLS_CERT: chain,
    REST_TLS_KEY: new URL("key.pem", TLS).pathname,
  };
  const peerUrl = `https://127.0.0.1:${freePort()}`;
  {
    await using owner = await startChild({
      env: { ...shared, REST_PEER_URL: peerUrl },
    });
    await addressOf(owner);
    await using door = await startChild({
      env: { ...shared, REST_OWNER_URL: peerUrl },
    });
    const address = await addressOf(door);
    using client = Deno.createHttpClient({ caCerts: [ca ?? ""] });
    const response = await fetch(`${address}/api/v10/users/@me`, {
      headers: { authorization: KEY },
      client,
    });
    assert.equal(response.status, 200);
    await response.body?.cancel();
    assert.equal(sim.requests().length, 1);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a port for peers that says https is not opened without a certificate", async () => {
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_PEER_KEY: PEER_KEY,
      REST_PEER_URL: `https://127.0.0.1:${freePort()}`,
    },
  });
  const { code, err } = await child.ended();
  assert.equal(code, 1);
  assert.match(err, /REST_PEER_URL: it says https, and REST_TLS_CERT/);
});
