import assert from "node:assert/strict";
import {
  CA,
  certificateOn,
  fixturePath,
  OTHER_PAIR,
  PAIR,
} from "../tls/_callers.ts";
import { makeFiles, sha256Of } from "./_files.ts";
import { KEY } from "./_held_upstream.ts";
import { type Child, startChild } from "./child.ts";

const NO_ENV_FILE = /^Warning The `--env-file` flag .*\n/;

/** Where a child listens. */
async function addressOf(child: Child): Promise<string> {
  const [, address = ""] = await child.seen(/Listening on (\S+?)(?:"|\s)/);
  return address;
}

async function statusAt(address: string, key: string): Promise<number> {
  const response = await fetch(`${address}/api/v10/users/@me`, {
    headers: { authorization: key },
  });
  await response.body?.cancel();
  return response.status;
}

async function endOf(child: Child): Promise<string[]> {
  const { code, err } = await child.ended();
  assert.equal(code, 1);
  return err.replace(NO_ENV_FILE, "").trimEnd().split("\n");
}

Deno.test("with a certificate the start speaks TLS, and SIGHUP takes over the next one", async () => {
  await using files = await makeFiles();
  const cert = await files.write("cert.pem", PAIR.cert, 0o644);
  const key = await files.write("key.pem", PAIR.key);
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_TLS_CERT: cert,
      REST_TLS_KEY: key,
    },
  });
  const address = await addressOf(child);
  assert.match(address, /^https:\/\/127\.0\.0\.1:\d+$/);
  const port = Number(new URL(address).port);
  using client = Deno.createHttpClient({ caCerts: [CA] });
  const alive = await fetch(`${address}/healthz`, { client });
  assert.equal(alive.status, 200);
  await alive.body?.cancel();

  await files.write("cert.pem", OTHER_PAIR.cert);
  child.signal("SIGHUP");
  await child.seen(
    /"SIGHUP: Cannot speak TLS: the key in REST_TLS_KEY is not that of the certificate in REST_TLS_CERT; the certificate in use stays"/,
  );
  assert.equal(await certificateOn(port), "localhost");

  await files.write("cert.pem", "half a certif");
  child.signal("SIGHUP");
  await child.seen(
    /"SIGHUP: REST_TLS_CERT is \S+: want a file with a certificate in PEM; the certificate in use stays"/,
  );
  assert.equal(await certificateOn(port), "localhost");
  await files.write("cert.pem", OTHER_PAIR.cert);

  await files.write("key.pem", OTHER_PAIR.key);
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: the certificate is taken over/);
  assert.equal(await certificateOn(port), "elsewhere.example");
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: the certificate is the one in use/);

  child.signal("SIGTERM");
  const { code, out } = await child.ended();
  assert.equal(code, 0);
  assert.ok(!out.includes("PRIVATE KEY"));
});

Deno.test("files that cannot be a certificate and its key have a line each", async () => {
  await using files = await makeFiles();
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_TLS_CERT: files.pathOf("none.pem"),
      REST_TLS_KEY: fixturePath("cert.pem"),
    },
  });
  assert.deepEqual(await endOf(child), [
    `REST_TLS_CERT is "${files.pathOf("none.pem")}": there is no such file`,
    `REST_TLS_KEY is "${
      fixturePath("cert.pem")
    }": want a file with a private key in PEM`,
  ]);
});

Deno.test("a key that is not the certificate's is one sentence and exit code 1", async () => {
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_TLS_CERT: fixturePath("cert.pem"),
      REST_TLS_KEY: fixturePath("elsewhere_key.pem"),
    },
  });
  assert.deepEqual(await endOf(child), [
    "Cannot speak TLS: the key in REST_TLS_KEY is not that of the certificate in REST_TLS_CERT",
  ]);
});

Deno.test("a socket is served, survives a kill of its owner, and is gone after SIGTERM", async () => {
  await using files = await makeFiles();
  const path = files.pathOf("s");
  const env = { REST_AUTHORIZATION: KEY, REST_SOCKET: path };
  {
    await using child = await startChild({ env });
    assert.equal(await addressOf(child), `unix:${path}`);
    const { mode } = await Deno.lstat(path);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal(await statusOverSocket(path), "200");

    await using second = await startChild({ env });
    assert.deepEqual(await endOf(second), [
      `Cannot listen on unix:${path}: another process answers there; stop it`,
    ]);
    child.signal("SIGKILL");
    await child.ended();
  }
  assert.ok((await Deno.lstat(path)).isSocket);
  await using child = await startChild({ env });
  await addressOf(child);
  assert.equal(await statusOverSocket(path), "200");
  child.signal("SIGTERM");
  const { code } = await child.ended();
  assert.equal(code, 0);
  await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
});

/** From a process of Node's: our own permission names no new paths. */
async function statusOverSocket(socketPath: string): Promise<string> {
  const program = `
    import http from "node:http";
    const options = { socketPath: process.argv[1], path: "/healthz" };
    http.get(options, (response) => console.log(response.resume().statusCode));
  `;
  const { stdout } = await new Deno.Command("node", {
    args: ["--input-type=module", "--eval", program, socketPath],
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("SIGHUP takes over a good file of keys, and of a bad one tells every problem", async () => {
  await using files = await makeFiles();
  const [first, second] = ["first-key-of-the-file", "second-key-of-the-file"];
  const keysFile = await files.write("keys.json", [
    { name: "first", sha256: sha256Of(first) },
  ]);
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_KEYS_FILE: keysFile,
      // Answers nothing: what has passed the key is told by its own refusal.
      REST_UPSTREAM: "http://127.0.0.1:9/api",
      REST_MAX_WAIT_MS: "100",
    },
  });
  const address = await addressOf(child);
  const statuses = async () => [
    await statusAt(address, KEY),
    await statusAt(address, first),
    await statusAt(address, second),
  ];
  // 503: no bot's token is configured.
  assert.deepEqual(await statuses(), [503, 503, 401]);

  await files.write("keys.json", [{ name: "x", sha256: "?" }, { rate: 0 }]);
  child.signal("SIGHUP");
  await child.seen(/; the keys in use stay/);
  assert.deepEqual(await statuses(), [503, 503, 401]);

  await files.write("keys.json", [{ name: "2", sha256: sha256Of(second) }]);
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: 1 keys are read/);
  assert.deepEqual(await statuses(), [503, 401, 503]);

  child.signal("SIGTERM");
  const { out } = await child.ended();
  for (const problem of ['key \\"x\\" has a', "key 2 has no", "rate"]) {
    assert.ok(out.includes(problem), problem);
  }
  for (const secret of [first, second, sha256Of(first), sha256Of(second)]) {
    assert.ok(!out.includes(secret));
  }
});

Deno.test("bad files of tokens and keys have a line for each problem, and nothing secret in them", async () => {
  const token = `${btoa("876543210987654321")}.never.printed`;
  await using files = await makeFiles();
  const tokens = await files.write("tokens.json", {
    second: token,
    third: token,
    [token]: "swapped",
  });
  const keys = await files.write("keys.json", `[{"name": "a", ${token}}]`);
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      DISCORD_TOKENS_FILE: tokens,
      REST_KEYS_FILE: keys,
    },
  });
  assert.deepEqual(await endOf(child), [
    'DISCORD_TOKENS_FILE: bot "third" is the same bot as "second": want it once',
    "DISCORD_TOKENS_FILE: bot 3 has a bad name: want a name of 1 to 32 letters, digits, dashes and underscores, not digits alone",
    `REST_KEYS_FILE is "${keys}": what is in it is not JSON (line 1, column 16)`,
  ]);
});

Deno.test("a file of tokens that others may read is worth a warning", async () => {
  await using files = await makeFiles();
  const token = `${btoa("876543210987654321")}.never.printed`;
  const path = await files.write("tokens.json", { second: token }, 0o640);
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      DISCORD_TOKENS_FILE: path,
    },
  });
  await child.seen(/others than its owner may read or change it \(mode 640\)/);
  await addressOf(child);
  child.signal("SIGTERM");
  const { out } = await child.ended();
  assert.ok(!out.includes("DISCORD_TOKEN is not set"));
  assert.ok(!out.includes(token));
});
