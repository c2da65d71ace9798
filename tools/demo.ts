/** `deno task demo`: the simulated Discord, the real proxy in front of it, a short mixed load. */
import { randomUUID } from "../deps.ts";
import { readSettings } from "../rest/config/read_settings.ts";
import { startListener } from "../rest/listener/transport/listen.ts";
import { serveOptionsOf } from "../rest/listener/transport/serve_options.ts";
import { SYSTEM_CLOCK } from "../rest/clock/system_clock.ts";
import { createProxy } from "../rest/proxy.ts";
import { type Sim, startSim } from "../sim/server.ts";
import { type DemoRow, demoTable, runDemoLoad } from "./demo_load.ts";
import { sendTwice, tellExchanges } from "./demo_twins.ts";
import { flags, taskWords } from "./task_words.ts";

/** How often the table is drawn anew. */
const REDRAW_MS = 250;

/** A token of the right shape that is nobody's. */
const DEMO_TOKEN =
  "MTIzNDU2Nzg5MDEyMzQ1Njc4.demo00.only-the-simulated-discord-takes-it";

const USAGE = `deno task demo [--exit]

Sends calls through the real proxy to a simulated Discord, without a token and
without a network, and stays up to be tried by hand; --exit ends it instead.`;

if (import.meta.main) await demo();

async function demo(): Promise<void> {
  const chosen = taskWords(USAGE, (words) => flags(words, ["--exit"]));
  const sim = await startSim({
    latencyOut: { minMs: 30, maxMs: 70 },
    globalLimit: { window: "sliding" },
  });
  const key = randomUUID();
  const settings = demoSettings(sim.url, key);
  const proxy = createProxy(settings);
  const listener = await startListener({
    ...serveOptionsOf(settings),
    endpoint: proxy.endpoint,
    clock: SYSTEM_CLOCK,
    facts: () => {},
    host: "127.0.0.1",
    port: 0,
  });
  const host = `127.0.0.1:${listener.address.port}`;
  const baseUrl = `http://${host}/api/v10`;
  print([
    "Sluice demo: a simulated Discord that keeps Discord's rules, the real proxy in front of it.",
    "No token, no network.",
    "",
    "The same message, sent over HTTP and over REP, which carries any number of requests in one WebSocket:",
    "",
    ...tellExchanges(await sendTwice(host, key)),
    "",
    "222 calls are made at once; Discord would answer most of them with 429.",
    "",
  ]);

  const load = runDemoLoad(baseUrl, key);
  const redraw = startDrawing(load.rows, proxy, sim);
  await load.finished;
  redraw.stop();

  if (chosen["--exit"]) {
    await proxy.drain();
    await listener.shutdown();
    await sim.close();
    return;
  }
  print([
    "",
    "The proxy stays up. Try:",
    "",
    ...curls(baseUrl, key),
    overRep(host, key),
    "",
    "Ctrl-C ends it.",
  ]);
}

function demoSettings(
  upstream: string,
  key: string,
): Parameters<typeof createProxy>[0] {
  const read = readSettings({
    DISCORD_TOKEN: DEMO_TOKEN,
    REST_AUTHORIZATION: key,
    REST_UPSTREAM: upstream,
    REST_LOG_LEVEL: "error",
  });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  return read.settings;
}

/** Redraws in place on a terminal; elsewhere only the last table is printed. */
function startDrawing(
  rows: readonly DemoRow[],
  proxy: ReturnType<typeof createProxy>,
  sim: Sim,
): { stop(): void } {
  const isTerminal = Deno.stdout.isTerminal();
  const table = () => demoTable(rows, proxy, limitedOf(sim));
  let drawn = 0;
  const draw = () => {
    const lines = table();
    const back = drawn === 0 ? "" : `\x1b[${drawn}A`;
    write(back + lines.map((text) => `\x1b[2K${text}\n`).join(""));
    drawn = lines.length;
  };
  const timer = isTerminal ? setInterval(draw, REDRAW_MS) : undefined;
  return {
    stop() {
      clearInterval(timer);
      if (isTerminal) draw();
      else print(table());
    },
  };
}

function limitedOf(sim: Sim): number {
  const { limited } = sim.audit.report();
  return Object.values(limited).reduce((sum, count) => sum + count, 0);
}

function curls(baseUrl: string, key: string): string[] {
  const auth = `-H 'Authorization: ${key}'`;
  return [
    `curl -i ${auth} ${baseUrl}/users/@me`,
    `curl -i ${auth} -H 'Content-Type: application/json' -d '{"content":"hello"}' ${baseUrl}/channels/80000000000000000/messages`,
    `curl -i ${baseUrl}/users/@me`,
  ];
}

/** With the client library, from the project's folder. */
function overRep(host: string, key: string): string {
  const program = `const { RepClient } = await import("./client/mod.ts"); ` +
    `const client = new RepClient("ws://${host}/rep", { token: "${key}" }); ` +
    `console.log(await client.get("/users/@me")); await client.close()`;
  return `deno eval '${program}'`;
}

function print(lines: readonly string[]): void {
  write(lines.map((text) => `${text}\n`).join(""));
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
