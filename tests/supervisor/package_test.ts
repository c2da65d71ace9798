/** The npm package as its users get it: packed, installed into an empty folder, started by its name. */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { login, reply } from "../keys/_hosts.ts";
import { callSteadily, postInOrder } from "../start/_callers.ts";
import { startHeldUpstream } from "../start/_held_upstream.ts";
import {
  installedFromFolder,
  installedSluice,
  KEY,
  Operated,
  reachesRegistry,
  TOKEN,
} from "../_operated.ts";
import { freePort } from "../../tools/free_port.ts";

const ignore = Deno.build.os !== "linux" || !reachesRegistry();
const RESTARTS = 3;
const LISTENING = /Listening on (http:\/\/[0-9.:]+)/;

function settings(upstream: string): Record<string, string> {
  return {
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_PORT: "0",
    REST_UPSTREAM: upstream,
    REST_LOG_FORMAT: "json",
  };
}

Deno.test({
  name:
    "the package restarts three times under load on SIGHUP with a changed .env, and a caller with one call every 50 ms and no retries does not notice; order holds and Discord says no 429",
  ignore,
  async fn() {
    await using discord = await startSim({
      latencyIn: { minMs: 10, maxMs: 10 },
      rules: [{
        match: "POST /channels/{id}/messages",
        limit: 100,
        periodMs: 1_000,
      }],
      globalLimit: { limit: 10_000, periodMs: 1_000 },
    });
    const env = { ...settings(discord.url), REST_GLOBAL_LIMIT: "10000" };
    await using sluice = await Operated.start(env);
    const [, address = ""] = await sluice.seen(LISTENING);
    const over = new AbortController();
    await using stack = new AsyncDisposableStack();
    const callers = [
      callSteadily(address, over.signal, KEY),
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((channel) =>
        postInOrder(address, channel, over.signal, KEY)
      ),
    ];
    stack.defer(async () => {
      over.abort();
      await Promise.all(callers);
    });
    const pids = new Set([sluice.proxyPid()]);
    for (let count = 1; count <= RESTARTS; count++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await sluice.change({ ...env, REST_MAX_WAIT_MS: `${100_000 + count}` });
      sluice.signal("SIGHUP");
      const [, next] = await sluice.seen(LISTENING, count + 1);
      assert.equal(next, address);
      pids.add(sluice.proxyPid());
    }
    over.abort();
    const outcomes = (await Promise.all(callers)).flat();
    assert.deepEqual(outcomes.filter((outcome) => outcome !== "answered"), []);
    assert.ok(outcomes.length >= 100, `${outcomes.length} calls`);
    assert.equal(pids.size, RESTARTS + 1);
    const { limited, reordered, doubled } = discord.audit.report();
    assert.deepEqual({ reordered, doubled }, { reordered: [], doubled: [] });
    assert.deepEqual(limited, { user: 0, global: 0, shared: 0, cloudflare: 0 });
  },
});

Deno.test({
  name:
    "with a journal a bot that logged in before SIGHUP with a changed .env answers its next interaction without a key",
  ignore,
  async fn() {
    await using discord = await startSim();
    const folder = await Deno.makeTempDir({ prefix: "known-" });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const journal = { REST_JOURNAL: `${folder}/journal/sluice.db` };
    const env = { ...settings(discord.url), ...journal };
    await using sluice = await Operated.start(env);
    const [, address = ""] = await sluice.seen(LISTENING);
    const port = Number(new URL(address).port);
    assert.match(await reply(port), /^401 /);
    assert.match(await login(port, `Bot ${TOKEN}`), /^200 /);
    assert.equal(await reply(port), "204");
    await sluice.change({ ...env, REST_MAX_WAIT_MS: "100001" });
    sluice.signal("SIGHUP");
    await sluice.seen(LISTENING, 2);
    assert.equal(await reply(port), "204");
  },
});

Deno.test({
  name:
    "SIGHUP with nothing changed that needs a new process is handed on, and the process stays",
  ignore,
  async fn() {
    await using sluice = await Operated.start(settings("http://127.0.0.1:9"));
    await sluice.seen(LISTENING);
    const pid = sluice.proxyPid();
    sluice.signal("SIGHUP");
    await sluice.seen(/SIGHUP: there is no file to read again/);
    assert.equal(sluice.proxyPid(), pid);
  },
});

Deno.test({
  name: "SIGTERM drains what is in flight, and the package ends with code 0",
  ignore,
  async fn() {
    await using upstream = startHeldUpstream();
    await using sluice = await Operated.start({
      ...settings(""),
      ...upstream.env,
    });
    const [, address = ""] = await sluice.seen(LISTENING);
    const call = fetch(`${address}/api/v10/users/1`, {
      headers: { authorization: upstream.env["REST_AUTHORIZATION"] ?? "" },
    });
    await upstream.reachedBy(call);
    sluice.signal("SIGTERM");
    await sluice.seen(/SIGTERM: draining/);
    upstream.release();
    const answer = await call;
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    const { code, said } = await sluice.ended();
    assert.equal(code, 0);
    assert.match(said, /Drained: 1 requests finished/);
  },
});

Deno.test({
  name:
    "a proxy that is killed is started again, and calls meanwhile wait in the line of the socket",
  ignore,
  async fn() {
    await using discord = await startSim();
    await using sluice = await Operated.start(settings(discord.url));
    const [, address = ""] = await sluice.seen(LISTENING);
    const ended = sluice.seen(/the proxy has ended \(SIGKILL\)/);
    Deno.kill(sluice.proxyPid(), "SIGKILL");
    await ended;
    const answer = await fetch(`${address}/healthz`);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  },
});

Deno.test({
  name:
    "installed from the folder it is built in with --install-links, the package starts by its name and answers",
  ignore,
  async fn() {
    const project = installedFromFolder();
    const env = settings("http://127.0.0.1:9");
    await using sluice = await Operated.start(env, [], [], project);
    const [, address = ""] = await sluice.seen(LISTENING);
    const answer = await fetch(`${address}/healthz`);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    sluice.signal("SIGTERM");
    assert.equal((await sluice.ended()).code, 0);
  },
});

/** What systemd does with a socket unit, for one program. */
const ACTIVATE = "/usr/bin/systemd-socket-activate";

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "a socket that systemd holds is handed on as it is, to the next process, too",
  ignore: ignore || !isThere(ACTIVATE),
  async fn() {
    const env = settings("http://127.0.0.1:9");
    const listen = `--listen=127.0.0.1:${freePort()}`;
    await using sluice = await Operated.start(env, [], [ACTIVATE, listen]);
    await sluice.seen(/Listening on \[::|Listening on 127/);
    const address = `http://${listen.split("=")[1]}`;
    const health = async () => {
      const answer = await fetch(`${address}/healthz`);
      await answer.body?.cancel();
      return answer.status;
    };
    // The first call is what starts it.
    assert.equal(await health(), 200);
    await sluice.change({ ...env, REST_MAX_WAIT_MS: "100001" });
    sluice.signal("SIGHUP");
    await sluice.seen(/SIGTERM: draining/);
    assert.equal(await health(), 200);
    const [, again] = await sluice.seen(LISTENING, 2);
    assert.equal(again, address);
  },
});

Deno.test({
  name:
    "settings that are refused end the package with the proxy's sentence and code 1",
  ignore,
  async fn() {
    await using sluice = await Operated.start({ REST_PORT: "http" });
    const { code, said } = await sluice.ended();
    assert.equal(code, 1);
    assert.match(said, /^REST_PORT .*"http"/m);
    assert.doesNotMatch(said, /starts again|\n {4}at /);
  },
});

Deno.test({
  name: "a port in use is one sentence and code 1",
  ignore,
  async fn() {
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = other.addr;
    await using sluice = await Operated.start({
      ...settings("http://127.0.0.1:9"),
      REST_PORT: `${port}`,
    });
    const { code, said } = await sluice.ended();
    assert.equal(code, 1);
    assert.equal(
      said,
      `sluice: Cannot listen on 127.0.0.1:${port}: another process has it, or it is not ours to take; choose REST_PORT and REST_HOST\n`,
    );
  },
});

Deno.test({
  name: "sluice key makes a key, and a word it does not know is code 2",
  ignore,
  async fn() {
    {
      await using sluice = await Operated.start({}, ["key", "music"]);
      const { code, said } = await sluice.ended();
      assert.equal(code, 0);
      assert.match(said, /\n {2}[\w-]{43}\n[^]*"name":"music"/);
    }
    await using sluice = await Operated.start({}, ["start"]);
    const { code, said } = await sluice.ended();
    assert.equal(code, 2);
    assert.match(said, /^sluice: cannot read "start"/);
  },
});

Deno.test({
  name: "the installed package is the proxy, its supervisor, and Deno",
  ignore,
  async fn() {
    const folder = `${await installedSluice()}/node_modules`;
    const entries = [...Deno.readDirSync(folder)].map(({ name }) => name);
    const packages = entries.filter((name) => !name.startsWith("."));
    assert.deepEqual(packages.sort(), ["@deno", "deno", "sluice"]);
  },
});
