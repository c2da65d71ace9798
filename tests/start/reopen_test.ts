import assert from "node:assert/strict";
import { CA, fixturePath } from "../tls/_callers.ts";
import { makeFiles } from "./_files.ts";
import { KEY } from "./_held_upstream.ts";
import { type Child, startChild } from "./child.ts";

/** More connections than the process may have files. */
const FILES_MAX = 200;
const CROWD = 400;

const TOO_MANY = /Cannot take more connections: too many are open/;

/** Opens connections that say nothing, until it is told that it is enough; from a process of Node's, for our own permission names no new paths. */
const CROWD_PROGRAM = `
  import net from "node:net";
  const [, place, count] = process.argv;
  const to = place.startsWith("/") ? { path: place } : { port: Number(place) };
  for (let n = 0; n < Number(count); n++) {
    net.connect(to).on("error", () => {});
  }
  process.stdin.on("end", () => process.exit(0)).resume();
`;

/** Asks until it is answered, as every client does of a place that could not be reached for a moment; not for ever. */
const ASKING_PROGRAM = `
  setTimeout(() => process.exit(1), 10_000).unref();
  import http from "node:http";
  const options = { socketPath: process.argv[1], path: "/healthz" };
  const ask = () => http.get(options, (response) => {
    console.log(response.resume().statusCode);
  }).on("error", () => setTimeout(ask, 50));
  ask();
`;

function startNode(program: string, ...words: string[]): Deno.ChildProcess {
  return new Deno.Command("node", {
    args: ["--input-type=module", "--eval", program, ...words],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** What it printed, once it has ended: a program that waits for the end of its input does so now. */
async function endOf(node: Deno.ChildProcess): Promise<string> {
  await node.stdin.close();
  const { stdout } = await node.output();
  return new TextDecoder().decode(stdout).trim();
}

/** Crowds a place, a port or a path, until the proxy has said that it is too much, and lets it go. */
async function crowd(child: Child, place: string): Promise<void> {
  const callers = startNode(CROWD_PROGRAM, place, String(CROWD));
  await child.seen(TOO_MANY);
  await endOf(callers);
}

Deno.test("a port with TLS that more connections came to than there are files is there again when they are gone", async () => {
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_TLS_CERT: fixturePath("cert.pem"),
      REST_TLS_KEY: fixturePath("key.pem"),
    },
    filesMax: FILES_MAX,
  });
  const [, address = "", port = ""] = await child.seen(
    /Listening on (https:\/\/127\.0\.0\.1:(\d+))/,
  );
  await crowd(child, port);
  using client = Deno.createHttpClient({ caCerts: [CA] });
  assert.equal(await statusWhenBack(`${address}/healthz`, client), 200);
  await endsWell(child);
});

Deno.test("a socket that more connections came to than there are files is there again when they are gone, for its owner alone", async () => {
  await using files = await makeFiles();
  const path = files.pathOf("s");
  await using child = await startChild({
    env: { REST_AUTHORIZATION: KEY, REST_SOCKET: path },
    filesMax: FILES_MAX,
  });
  await child.seen(/Listening on unix:/);
  await crowd(child, path);
  assert.equal(await endOf(startNode(ASKING_PROGRAM, path)), "200");
  const { mode } = await Deno.lstat(path);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  await endsWell(child);
  await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
});

async function endsWell(child: Child): Promise<void> {
  child.signal("SIGTERM");
  const { code, out } = await child.ended();
  assert.equal(code, 0, out);
  assert.doesNotMatch(out, /A bug/);
}

const PATIENCE_MS = 10_000;

async function statusWhenBack(
  url: string,
  client: Deno.HttpClient,
): Promise<number> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      const response = await fetch(url, { client });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
