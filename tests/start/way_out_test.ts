import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { headerOf } from "../../sim/model/request.ts";
import { KEY, TOKEN } from "../_proxy.ts";
import { PAIR } from "../tls/_callers.ts";
import { type Child, startChild } from "./child.ts";

/** Debian's `tinyproxy-bin`: a forward proxy that many run. */
const TINYPROXY = "/usr/bin/tinyproxy";

/** A machine takes so long at most to start a program of 50 KiB. */
const START_MS_MAX = 10_000;

/** What tinyproxy is started with; whoever gives no password is refused. */
function configOf(port: number): string {
  return [
    `Port ${port}`,
    "Listen 127.0.0.1",
    "Allow 127.0.0.1",
    "BasicAuth ann s3cret",
    "MaxClients 20",
    "LogLevel Connect",
  ].join("\n");
}

interface Tinyproxy extends AsyncDisposable {
  readonly port: number;
  /** Its log so far. */
  readonly said: () => string;
}

async function startTinyproxy(): Promise<Tinyproxy> {
  // It takes no port 0.
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const config = await Deno.makeTempFile({ suffix: ".conf" });
  await Deno.writeTextFile(config, configOf(port));
  const child = new Deno.Command(TINYPROXY, {
    args: ["-d", "-c", config],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let log = "";
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      log += text;
      if (log.includes("Reloading config file finished")) ready.resolve();
    }
    ready.reject(new Error(`tinyproxy ended: ${log}`));
  })();
  ready.promise.catch(() => {});
  const timer = setTimeout(
    () => ready.reject(new Error(`tinyproxy is not there: ${log}`)),
    START_MS_MAX,
  );
  await ready.promise.finally(() => clearTimeout(timer));
  await isOpen(port);
  return {
    port,
    said: () => log,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reading;
      await Deno.remove(config);
    },
  };
}

/** Its last line before it listens is not the last thing it does. */
async function isOpen(port: number): Promise<void> {
  const untilMs = Date.now() + START_MS_MAX;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (Date.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** A proxy as `deno task start` runs it, and where it listens. */
async function startProxy(
  env: Record<string, string>,
): Promise<{ child: Child; origin: string }> {
  const child = await startChild({
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      ...env,
    },
  });
  const [, origin = ""] = await child.seen(/Listening on (http:[^ ]+)/);
  return { child, origin };
}

function ask(origin: string): Promise<Response> {
  return fetch(`${origin}/api/v10/users/@me`, {
    headers: { authorization: KEY },
  });
}

Deno.test({
  name: "a proxy behind tinyproxy reaches Discord through it and no other way",
  // A machine without it cannot try; a proxy of the tests' own is in tests/upstream.
  ignore: !isThere(TINYPROXY),
  async fn(t) {
    await using sim = await startSim();
    await using way = await startTinyproxy();
    const secret = "s3cret";
    const proxy = `http://ann:${secret}@127.0.0.1:${way.port}`;
    await t.step("with its password the answer is Discord's", async () => {
      const { child, origin } = await startProxy({
        REST_UPSTREAM: sim.url,
        REST_OUTBOUND_PROXY: proxy,
      });
      await using _running = child;
      const response = await ask(origin);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("x-rest-proxy"), null);
      await response.body?.cancel();
      const [request] = sim.requests();
      assert.equal(
        headerOf(request?.headers ?? [], "authorization"),
        `Bot ${TOKEN}`,
      );
      assert.match(way.said(), RegExp(`CONNECT 127.0.0.1:${sim.port} HTTP`));
    });
    await t.step("a wrong password is told, and is not shown", async () => {
      const { child, origin } = await startProxy({
        REST_UPSTREAM: sim.url,
        REST_OUTBOUND_PROXY: proxy.replace(secret, "wrong-password"),
      });
      const response = await ask(origin);
      assert.equal(response.headers.get("x-rest-proxy"), "unreachable");
      const { message } = await response.json();
      const place = `127.0.0.1:${sim.port} through 127.0.0.1:${way.port}`;
      // 401 and 407: tinyproxy's word for a wrong password changed over time.
      assert.match(message, RegExp(`OUTBOUND_PROXY_40[17] at ${place}$`));
      child.signal("SIGTERM");
      const { out, err } = await child.ended();
      assert.ok(!(message + out + err).includes("wrong-password"));
      await child[Symbol.asyncDispose]();
    });
    assert.equal(sim.requests().length, 1);
  },
});

Deno.test("REST_OUTBOUND_ADDRESS is where Discord sees the proxy, over TLS as well", async () => {
  const seen = Promise.withResolvers<string>();
  const upstream = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...PAIR });
  const serving = (async () => {
    const connection = await upstream.accept();
    seen.resolve(connection.remoteAddr.hostname);
    // Enough has been seen; what stays open would be a leak.
    await connection.handshake().catch(() => {});
    connection.close();
  })();
  const { child, origin } = await startProxy({
    REST_UPSTREAM: `https://127.0.0.1:${upstream.addr.port}/api`,
    REST_OUTBOUND_ADDRESS: "127.0.0.2",
  });
  await using _child = child;
  const asked = ask(origin).then((response) => response.body?.cancel());
  assert.equal(await seen.promise, "127.0.0.2");
  await serving;
  upstream.close();
  child.signal("SIGTERM");
  await asked.catch(() => {});
});

Deno.test("an outbound address that this machine does not have refuses the start", async () => {
  const child = await startChild({
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      // For documents (RFC 5737): nobody's.
      REST_OUTBOUND_ADDRESS: "192.0.2.1",
    },
  });
  await using _child = child;
  const { code, err } = await child.ended();
  assert.equal(code, 1);
  assert.match(
    err,
    /REST_OUTBOUND_ADDRESS is "192\.0\.2\.1": this machine has no such address/,
  );
});

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
