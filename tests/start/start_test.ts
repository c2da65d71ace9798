import assert from "node:assert/strict";
import { HEADERS, KEY, startHeldUpstream } from "./_held_upstream.ts";
import { startWords } from "../../tools/deno_child.ts";
import { startChild } from "./child.ts";

const NO_ENV_FILE = /^Warning The `--env-file` flag .*\n/;

Deno.test("the start task asks for the network, its settings and the files they name, and for nothing else", () => {
  assert.deepEqual(startWords(), [
    "deno",
    "run",
    "--no-prompt",
    "--lock=deno.lock",
    "--frozen",
    "--env-file",
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-sys",
    "--allow-env=DISCORD_*,REST_*,OTEL_DENO*,LISTEN_*",
    "--ignore-env",
    "--v8-flags=--memory-reducer-delay-ms=600000,--min-semi-space-size=16,--no-allocation-site-pretenuring",
    "rest/mod.ts",
  ]);
});

Deno.test("without a key the start is refused in one line, with exit code 1", async () => {
  await using child = await startChild();
  const { code, out, err } = await child.ended();
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.equal(
    err.replace(NO_ENV_FILE, ""),
    "REST_AUTHORIZATION is not set: want 16 to 256 visible ASCII characters; make one with: deno task key\n",
  );
});

Deno.test("every bad setting has its line, no secret and no stack trace among them", async () => {
  await using child = await startChild({
    env: {
      DISCORD_TOKEN: "hunter2",
      REST_AUTHORIZATION: "opensesame",
      REST_PORT: "eighty",
      REST_UPSTREAM: "https://me:hunter3@discord.com/api",
      REST_AUTHORIZATON: "hunter4",
    },
  });
  const { code, out, err } = await child.ended();
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.deepEqual(err.replace(NO_ENV_FILE, "").trimEnd().split("\n"), [
    "DISCORD_TOKEN is a secret of 7 characters: want a token as Discord's developer portal shows it, three parts joined by dots, of which the first is the bot's id in base64",
    "REST_AUTHORIZATION is a secret of 10 characters: want 16 to 256 visible ASCII characters; make one with: deno task key",
    'REST_PORT is "eighty": want a whole number from 0 to 65535',
    'REST_UPSTREAM is "https://[secret]@discord.com/api": want an http or https URL without user, query, fragment or version, such as https://discord.com/api',
    "REST_AUTHORIZATON is not a setting, did you mean REST_AUTHORIZATION?",
  ]);
});

Deno.test("a port in use is one sentence and exit code 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await using child = await startChild({
    env: { REST_AUTHORIZATION: KEY, REST_PORT: `${port}` },
  });
  const { code, err } = await child.ended();
  assert.equal(code, 1);
  assert.equal(
    err.replace(NO_ENV_FILE, ""),
    `Cannot listen on 127.0.0.1:${port}: something else listens there already; stop it or set REST_PORT\n`,
  );
});

Deno.test("the environment alone is enough: the address is said, and that there is no token", async () => {
  await using child = await startChild({
    env: { REST_AUTHORIZATION: KEY, REST_PORT: "0" },
  });
  await child.seen(/DISCORD_TOKEN is not set: only callers that bring their/);
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const response = await fetch(`${address}/healthz`);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  child.signal("SIGTERM");
  const { code, out } = await child.ended();
  assert.equal(code, 0);
  assert.match(out, /Drained: 0 requests finished, 0 refused unsent, 0 cut/);
  assert.ok(!out.includes(KEY));
});

Deno.test("settings come from .env, where the environment does not win", async () => {
  await using child = await startChild({
    env: { REST_PORT: "0" },
    envFile:
      `REST_AUTHORIZATION=${KEY}\nREST_PORT=eighty\nREST_HOST=localhost\n`,
  });
  await child.seen(/Listening on http:\/\/127\.0\.0\.1:\d+/);
});

Deno.test("an unknown REST_ name in .env is a problem too", async () => {
  await using child = await startChild({
    envFile: `REST_AUTHORIZATION=${KEY}\nREST_PROT=80\n`,
  });
  const { code, err } = await child.ended();
  assert.equal(code, 1);
  assert.equal(err, "REST_PROT is not a setting, did you mean REST_PORT?\n");
});

Deno.test("a host that refuses connections is named with the error's code, to the caller and in the log", async () => {
  const port = closedPort();
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: `http://127.0.0.1:${port}/api`,
    },
  });
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const answer = await fetch(`${address}/users/@me`, { headers: HEADERS });
  assert.equal(answer.status, 502);
  const { code, message, sent } = await answer.json();
  assert.equal(code, "unreachable");
  assert.ok(sent === false);
  assert.equal(
    message,
    `Cannot reach Discord: 5 tries, the last ended with ECONNREFUSED at 127.0.0.1:${port}`,
  );
  await child.seen(
    new RegExp(
      `GET /users/@me: refused with unreachable \\(ECONNREFUSED at 127\\.0\\.0\\.1:${port}\\) for default@127`,
    ),
  );
});

/** Nothing listens there: whoever did is gone. */
function closedPort(): number {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return taken.addr.port;
}

Deno.test("after SIGTERM with nothing waiting nobody new can come, what is in flight is answered, and the exit is clean", async () => {
  await using upstream = startHeldUpstream();
  await using child = await startChild({ env: upstream.env });
  const [, address = ""] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const early = fetch(`${address}/api/v10/users/@me`, { headers: HEADERS });
  await upstream.reachedBy(early);

  child.signal("SIGTERM");
  await child.seen(/SIGTERM: draining for at most 25000 ms/);
  await untilRefused(Number(new URL(address).port));

  upstream.release();
  const answer = await early;
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("connection"), "close");
  assert.deepEqual(await answer.json(), { id: "1" });
  const { code, out } = await child.ended();
  assert.equal(code, 0);
  assert.match(out, /Drained: 1 requests finished, 0 refused unsent, 0 cut/);
});

async function untilRefused(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return;
      // One that came in the very moment of the closing is reset.
      const isReset = error instanceof Deno.errors.ConnectionReset ||
        error instanceof Deno.errors.NotConnected;
      if (!isReset) throw error;
    }
  }
}

Deno.test("when the drain's time is over, callers are told that nobody can know, and the log says what was left", async () => {
  await using upstream = startHeldUpstream();
  await using child = await startChild({
    env: { ...upstream.env, REST_DRAIN_MS: "0" },
  });
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const caller = fetch(`${address}/api/v10/channels/1/messages`, {
    method: "POST",
    headers: { ...HEADERS, "content-type": "application/json" },
    body: "{}",
  });
  await upstream.reachedBy(caller);
  child.signal("SIGINT");
  const answer = await caller;
  assert.equal(answer.status, 503);
  assert.equal((await answer.json()).sent, null);
  const { code, out } = await child.ended();
  assert.equal(code, 0);
  assert.match(out, /0 requests finished, 0 refused unsent, 1 cut off in fli/);
});

Deno.test("a second signal ends the process at once, with exit code 1", async () => {
  await using upstream = startHeldUpstream();
  await using child = await startChild({ env: upstream.env });
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const caller = fetch(`${address}/api/v10/users/@me`, { headers: HEADERS });
  await upstream.reachedBy(caller);
  child.signal("SIGTERM");
  await child.seen(/SIGTERM: draining/);
  // One that comes right behind the first is the same, sent on by `deno task`.
  const again = setInterval(() => {
    try {
      child.signal("SIGTERM");
    } catch {
      // It has ended.
    }
  }, 100);
  const [{ code }] = await Promise.all([child.ended(), assert.rejects(caller)])
    .finally(() => clearInterval(again));
  assert.equal(code, 1);
});

Deno.test({
  name: "SIGTERM to the process of deno task start begins a drain",
  // The task reads the one of whoever works here.
  ignore: hasEnvFile(),
  async fn() {
    await using upstream = startHeldUpstream();
    await using child = await startChild({ env: upstream.env, isTask: true });
    const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
    const caller = fetch(`${address}/api/v10/users/@me`, { headers: HEADERS });
    await upstream.reachedBy(caller);
    child.signal("SIGTERM");
    await child.seen(/SIGTERM: draining for at most/);
    upstream.release();
    assert.deepEqual(await (await caller).json(), { id: "1" });
    const { code, out } = await child.ended();
    assert.equal(code, 0);
    assert.match(out, /Drained: 1 requests finished, 0 refused unsent, 0 cut/);
  },
});

function hasEnvFile(): boolean {
  try {
    return Deno.statSync(new URL("../../.env", import.meta.url)).isFile;
  } catch {
    return false;
  }
}

Deno.test("a signal that comes twice because deno task passes it on begins a drain, and does not end the process", async () => {
  await using upstream = startHeldUpstream();
  await using child = await startChild({ env: upstream.env });
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const caller = fetch(`${address}/api/v10/users/@me`, { headers: HEADERS });
  await upstream.reachedBy(caller);
  child.signal("SIGTERM");
  child.signal("SIGINT");
  await child.seen(/draining for at most/);
  upstream.release();
  assert.deepEqual(await (await caller).json(), { id: "1" });
  assert.equal((await child.ended()).code, 0);
});

Deno.test("deno serve gets the proxy as a default export, with the same permissions", async () => {
  await using child = await startChild({
    isServe: true,
    env: { REST_AUTHORIZATION: KEY },
  });
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const response = await fetch(`${address}/api/v10/users/@me`);
  assert.equal(response.status, 401);
  assert.equal((await response.json()).code, "unauthorized");
});

/** A minute after a request its figures are told; the process must not live for that. */
const SOON_MS = 30_000;

Deno.test({
  name:
    "deno serve answers what is under way after SIGTERM, and ends long before its next timer",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using upstream = startHeldUpstream();
    await using child = await startChild({ isServe: true, env: upstream.env });
    const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
    const caller = fetch(`${address}/api/v10/users/@me`, { headers: HEADERS });
    await upstream.reachedBy(caller);
    const signalledMs = performance.now();
    child.signal("SIGTERM");
    upstream.release();
    assert.deepEqual(await (await caller).json(), { id: "1" });
    await child.ended();
    const tookMs = performance.now() - signalledMs;
    assert.ok(tookMs < SOON_MS, `it took ${tookMs} ms`);
  },
});

Deno.test("deno serve refuses bad settings as the start does", async () => {
  await using child = await startChild({ isServe: true });
  const { code, err } = await child.ended();
  assert.equal(code, 1);
  assert.equal(
    err.replace(NO_ENV_FILE, ""),
    "REST_AUTHORIZATION is not set: want 16 to 256 visible ASCII characters; make one with: deno task key\n",
  );
});
