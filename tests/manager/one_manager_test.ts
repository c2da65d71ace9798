import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import { BASE_URL, createRestManager } from "../../deps.ts";
import { SETTINGS } from "../../rest/config/settings.ts";
import { startListener } from "../../rest/listener/transport/listen.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { createProxy } from "../../rest/proxy.ts";
import { headerOf } from "../../sim/model/request.ts";
import { startSim } from "../../sim/server.ts";
import { servingOf } from "../listener/_serve.ts";
import { KEY, settingsOf, TOKEN } from "../_proxy.ts";
import { causeOf } from "./_builders.ts";

const facts = () => {};
const NO_TOKEN = { DISCORD_TOKEN: "" };

Deno.test("calls over HTTP and REP and the manager's own wait in one line, and go with its token to its base URL", async () => {
  await using sim = await startSim({
    rules: [{
      match: "POST /channels/{channel}/messages",
      limit: 1,
      periodMs: 300,
    }],
  });
  const rest = createRestManager({ token: TOKEN });
  rest.baseUrl = sim.url;
  // Neither the token nor where it goes is in the settings.
  const proxy = createProxy(settingsOf(NO_TOKEN), { manager: rest, facts });
  const listener = await startListener({
    ...servingOf(proxy.endpoint),
    host: "127.0.0.1",
    port: 0,
  });
  const host = `127.0.0.1:${listener.address.port}`;
  await using rep = new RepClient(`ws://${host}/rep`, { token: KEY });
  await rep.ready;
  const [relayed] = await Promise.all([
    fetch(`http://${host}/api/v10/channels/5/messages`, {
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: '{"content":"relayed"}',
    }),
    rep.request("POST", "/channels/5/messages", {
      data: { content: "framed" },
    }),
    rest.sendMessage(5n, { content: "called" }),
  ]);
  assert.equal(relayed.status, 200);
  await relayed.body?.cancel();
  const requests = sim.requests();
  assert.deepEqual(
    requests.map(({ mark, status }) => `${mark} ${status}`).sort(),
    ["called 200", "framed 200", "relayed 200"],
  );
  for (const { headers } of requests) {
    assert.equal(headerOf(headers, "authorization"), `Bot ${TOKEN}`);
  }
  await rep.close();
  await proxy.drain(0);
  await listener.shutdown();
});

Deno.test("the proxy's manager is the one it was given, with its token and base URL", async () => {
  const rest = createRestManager({ token: TOKEN });
  const proxy = createProxy(settingsOf(NO_TOKEN), { manager: rest, facts });
  assert.equal(proxy.manager, rest);
  assert.equal(rest.token, TOKEN);
  assert.equal(rest.baseUrl, BASE_URL);
  assert.ok(!Deno.inspect(proxy, { depth: 10 }).includes(TOKEN));
  await proxy.drain(0);
});

Deno.test("where none is given, the proxy's manager is made of the settings", async () => {
  const env = { REST_UPSTREAM: "http://127.0.0.1:9/api" };
  const proxy = createProxy(settingsOf(env), { facts });
  assert.equal(proxy.manager.token, TOKEN);
  assert.equal(proxy.manager.baseUrl, env.REST_UPSTREAM);
  await proxy.drain(0);
});

Deno.test("without a token the manager's calls are refused as those of other callers are", async () => {
  const proxy = createProxy(settingsOf(NO_TOKEN), { facts });
  assert.equal(proxy.manager.token, "");
  assert.equal(proxy.manager.applicationId, 0n);
  const { status, body = "" } = await causeOf(proxy.manager.getUser(7n));
  assert.equal(status, 503);
  assert.equal(JSON.parse(body).code, "no_token");
  await proxy.drain(0);
});

Deno.test("a manager of another bot than the settings' is refused in one sentence", () => {
  const token = `${btoa("876543210987654321")}.another.bot`;
  const manager = createRestManager({ token });
  assert.throws(() => createProxy(settingsOf(), { manager, facts }), {
    message:
      "Cannot use the manager: its token is not that of the first bot in the settings",
  });
});

Deno.test("requests go to discordeno's BASE_URL unless the settings say otherwise", () => {
  assert.equal(SETTINGS.upstream.fallback, BASE_URL);
});

Deno.test("the manager goes with the first bot's new token, and is nobody else's", async () => {
  await using sim = await startSim();
  const rest = createRestManager({ token: TOKEN });
  rest.baseUrl = sim.url;
  const proxy = createProxy(settingsOf(NO_TOKEN), { manager: rest, facts });
  const token = TOKEN.replace("tests0", "tests1");
  proxy.replaceBots([{ name: "main", token: new Secret(token) }]);
  await rest.getUser(5n);
  assert.equal(rest.token, token);
  const [request] = sim.requests();
  assert.equal(
    headerOf(request?.headers ?? [], "authorization"),
    `Bot ${token}`,
  );
  assert.ok(!Deno.inspect(rest).includes(token));
  await proxy.drain(0);
});
