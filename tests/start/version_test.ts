import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { HEADERS, KEY } from "./_held_upstream.ts";
import { startChild } from "./child.ts";

Deno.test("log, /healthz and User-Agent name the version that deno.json has", async () => {
  const agents: Array<string | null> = [];
  await using upstream = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      agents.push(request.headers.get("user-agent"));
      return Response.json({});
    },
  );
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: `http://127.0.0.1:${upstream.addr.port}/api`,
    },
  });
  const [, address, version] = await child.seen(
    /Listening on (http:\/\/[0-9.:]+) \(Sluice (\S+)\)/,
  );
  assert.equal(version, manifest.version);

  const health = await fetch(`${address}/healthz`);
  assert.equal((await health.json()).version, manifest.version);

  const headers = { ...HEADERS, "user-agent": "curl/8" };
  const relayed = await fetch(`${address}/api/v10/gateway`, { headers });
  await relayed.body?.cancel();
  const [agent = ""] = agents;
  assert.match(agent ?? "", /^DiscordBot \(.+\) /);
  assert.ok(agent?.endsWith(` Sluice/${manifest.version}`), `${agent}`);
});
