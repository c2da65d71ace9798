import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import {
  CA,
  certificateOn,
  fixturePath,
  OTHER_PAIR,
  PAIR,
} from "../tls/_callers.ts";
import { makeFiles, type TestFiles } from "./_files.ts";
import {
  HEADERS,
  type HeldUpstream,
  KEY,
  startHeldUpstream,
} from "./_held_upstream.ts";
import { type Child, startChild } from "./child.ts";

/** A proxy that speaks TLS with files that can be written anew. */
async function startRenewable(
  { env }: HeldUpstream,
  files: TestFiles,
): Promise<Child> {
  return await startChild({
    env: {
      ...env,
      DISCORD_TOKEN: "MTIzNDU2Nzg5MDEyMzQ1Njc4.a.b",
      REST_TLS_CERT: await files.write("cert.pem", PAIR.cert),
      REST_TLS_KEY: await files.write("key.pem", PAIR.key),
    },
  });
}

async function portOf(child: Child): Promise<number> {
  const listening = /Listening on https:\/\/127\.0\.0\.1:(\d+)/;
  const [, port] = await child.seen(listening);
  return Number(port);
}

Deno.test("a request under way when SIGHUP brings another certificate is answered on its old connection", async () => {
  await using files = await makeFiles();
  await using upstream = startHeldUpstream();
  await using child = await startRenewable(upstream, files);
  const port = await portOf(child);
  using client = Deno.createHttpClient({ caCerts: [CA] });
  const url = `https://127.0.0.1:${port}/api/v10/users/@me`;
  const early = fetch(url, { headers: HEADERS, client });
  await upstream.reachedBy(early);

  await files.write("cert.pem", OTHER_PAIR.cert);
  await files.write("key.pem", OTHER_PAIR.key);
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: the certificate is taken over/);
  assert.equal(await certificateOn(port), "elsewhere.example");

  upstream.release();
  const answer = await early;
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { id: "1" });
});

/** A bot with the client library: one request that is under way until its input ends, and one after it. */
const BOT = `
  import { RepClient } from "${new URL(
  "../../client/mod.ts",
  import.meta.url,
)}";
  const [url, token] = Deno.args;
  const client = new RepClient(url, { token, session: "a-bot" });
  const tell = (what) => console.log(JSON.stringify(what));
  client.on("close", (code) => tell({ closedWith: code }));
  client.on("ready", ({ resumed }) => tell({ resumed }));
  const underWay = client.create("/channels/1/messages/1/reactions/x/@me");
  await new Response(Deno.stdin.readable).text();
  tell(await underWay);
  tell(await client.get("/users/@me"));
  await client.close();
`;

Deno.test("a REP client keeps its connection through a SIGHUP, and gets the answers it waits for", async () => {
  await using files = await makeFiles();
  await using upstream = startHeldUpstream();
  await using child = await startRenewable(upstream, files);
  const port = await portOf(child);
  const bot = startBot(await files.write("bot.ts", BOT), port);
  await upstream.reachedBy(bot.status.then(() => assert.fail("it ended")));

  // The same certificate in other bytes: a bot that knows one authority takes it.
  await files.write("cert.pem", `${PAIR.cert}\n`);
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: the certificate is taken over/);
  upstream.release();
  await bot.stdin.close();
  const { stdout, stderr } = await bot.output();
  const told = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assert.deepEqual(told.map((line) => JSON.parse(line)), [
    { resumed: false },
    { id: "1" },
    { id: "1" },
    // Its own wish.
    { closedWith: 1000 },
  ], new TextDecoder().decode(stderr));
});

function startBot(program: string, port: number): Deno.ChildProcess {
  return denoCommand({
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      "--allow-net=127.0.0.1",
      `--cert=${fixturePath("ca.pem")}`,
      program,
      `wss://127.0.0.1:${port}/rep`,
      KEY,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
