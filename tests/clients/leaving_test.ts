/** Real programs that leave before their answer: the proxy has to notice each. */
import assert from "node:assert/strict";
import type { Answer } from "../../rest/domain/answer.ts";
import type { Submitter } from "../../rest/domain/ports.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { KEY, startBench } from "../listener/_bench.ts";
import { hasNode, installedPackages, loaderOf } from "./_packages.ts";

/** A queue in which every request waits until its caller has left. */
function waitingQueue() {
  const ends: (() => void)[] = [];
  let here: () => void = () => {};
  let left: () => void = () => {};
  const counts = { here: 0, left: 0 };
  const submitter: Submitter = {
    submit(_request, callerGone) {
      const { promise, reject } = Promise.withResolvers<Answer>();
      ends.push(() => reject(new Refusal("cancelled", "Its caller left")));
      callerGone?.addEventListener("abort", {
        handleEvent() {
          counts.left++;
          left();
        },
      });
      counts.here++;
      here();
      return { answer: promise, cancel: () => "done" };
    },
  };
  return {
    submitter,
    counts,
    onHere: () => new Promise<void>((resolve) => here = resolve),
    onLeft: () => new Promise<void>((resolve) => left = resolve),
    end: () => ends.splice(0).forEach((end) => end()),
  };
}

/** Writes head and body apart, as `http.client` does with bodies that are read. */
const PYTHON = `
import http.client, io, sys, time
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=float(sys.argv[3]))
body = b'{"content":"written apart"}'
headers = {"Authorization": sys.argv[2], "Content-Type": "application/json", "Content-Length": str(len(body))}
try:
    connection.request("POST", "/api/v10/channels/1/messages", io.BytesIO(body), headers)
    connection.getresponse()
except TimeoutError:
    connection.close()
`;

/** A file, and a second of patience: what it does four times by itself it does once here. */
const DISCORDJS = `
const [loader, url, key] = process.argv.slice(1);
const { load } = await import(loader);
const { REST } = await load("@discordjs/rest");
const rest = new REST({ api: url, version: "10", timeout: 1000, retries: 0 }).setToken(key);
await rest.post("/channels/1/messages", {
  body: { content: "a file" },
  files: [{ name: "a.bin", data: Buffer.alloc(300_000, 7) }],
}).catch((error) => console.log(error.name));
`;

function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

function python(port: number, timeoutS: number): Deno.ChildProcess {
  return new Deno.Command("python3", {
    args: ["-c", PYTHON, String(port), KEY, String(timeoutS)],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
}

Deno.test({
  name:
    "Python's http.client, which writes head and body apart, is noticed when it gives up",
  ignore: !hasPython(),
  async fn() {
    const queue = waitingQueue();
    await using bench = await startBench({ submitter: queue.submitter });
    const left = queue.onLeft();
    const child = python(bench.port, 0.3);
    await left;
    assert.deepEqual(queue.counts, { here: 1, left: 1 });
    queue.end();
    await child.status;
  },
});

Deno.test({
  name: "a program that is killed with signal 9 is noticed",
  ignore: !hasPython(),
  async fn() {
    const queue = waitingQueue();
    await using bench = await startBench({ submitter: queue.submitter });
    const here = queue.onHere();
    const child = python(bench.port, 60);
    await here;
    const left = queue.onLeft();
    child.kill("SIGKILL");
    await left;
    queue.end();
    await child.status;
  },
});

Deno.test({
  name:
    "@discordjs/rest with a file is noticed when its time-out of a second is over",
  ignore: !hasNode(),
  async fn() {
    const folder = await installedPackages();
    const queue = waitingQueue();
    await using bench = await startBench({ submitter: queue.submitter });
    const left = queue.onLeft();
    const child = new Deno.Command("node", {
      args: [
        "--input-type=module",
        "--eval",
        DISCORDJS,
        loaderOf(folder),
        `http://127.0.0.1:${bench.port}/api`,
        KEY,
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    await left;
    assert.deepEqual(queue.counts, { here: 1, left: 1 });
    queue.end();
    const { stdout } = await child.output();
    assert.match(new TextDecoder().decode(stdout), /AbortError/);
  },
});
