/** `deno task demo`: the simulated Discord, the real proxy in front of it, a short mixed load. */
import { randomUUID } from "../deps.ts";
import { readSettings } from "../rest/config/read_settings.ts";
import { startListener } from "../rest/listener/transport/listen.ts";
import { serveOptionsOf } from "../rest/listener/transport/serve_options.ts";
import { SYSTEM_CLOCK } from "../rest/clock/system_clock.ts";
import { createProxy } from "../rest/proxy.ts";
import { type Sim, startSim } from "../sim/server.ts";
import {
  callChannel,
  type DemoRow,
  demoTable,
  runDemoLoad,
} from "./demo_load.ts";
import { greeting } from "./demo_greeting.ts";
import { demoButtons } from "./demo_page.ts";
import { callsWithoutProxy, limitedOf } from "./demo_without.ts";
import { sendTwice } from "./demo_twins.ts";
import { flags, taskWords } from "./task_words.ts";

/** How often the table is drawn anew. */
const REDRAW_MS = 250;

/** A token of the right shape that is nobody's. */
const DEMO_TOKEN =
  "MTIzNDU2Nzg5MDEyMzQ1Njc4.demo00.only-the-simulated-discord-takes-it";

/** Discord as the demo has it, with Sluice in front of it and without. */
const DISCORD: Parameters<typeof startSim>[0] = {
  latencyOut: { minMs: 30, maxMs: 70 },
  globalLimit: { window: "sliding" },
};

const USAGE = `deno task demo [--exit]

Sends calls through the real proxy to a simulated Discord, without a token and
without a network, and stays up to be tried by hand; --exit ends it instead.`;

if (import.meta.main) await demo();

async function demo(): Promise<void> {
  const chosen = taskWords(USAGE, (words) => flags(words, ["--exit"]));
  const isBrief = chosen["--exit"] === true;
  const sim = await startSim(DISCORD);
  const key = randomUUID();
  const settings = demoSettings(sim.url, key);
  const onceCode = randomUUID();
  const proxy = createProxy(settings, {
    onceCode,
    buttons: demoButtons(
      sim,
      (n, channel) => void callChannel(baseUrl, key, n, channel),
      SYSTEM_CLOCK,
    ),
    stop: () => Deno.exit(0),
  });
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
  // One that ends by itself does so before anybody has looked.
  const link = isBrief
    ? undefined
    : `http://${host}/admin/enter?code=${onceCode}`;
  print(greeting(await sendTwice(host, key), link));
  if (!isBrief && Deno.stdin.isTerminal()) await untilAskedFor();
  print(["222 calls are made at once.", ""]);

  const without = callsWithoutProxy(DISCORD, DEMO_TOKEN);
  const load = runDemoLoad(baseUrl, key);
  const redraw = startDrawing(load.rows, proxy, sim);
  await load.finished;
  redraw.stop();
  print([
    "",
    `429s: ${
      limitedOf(sim)
    }; without Sluice: ${await without}, by stock @discordjs/rest in four processes making the same calls`,
  ]);

  if (isBrief) {
    await proxy.drain();
    await listener.shutdown();
    await sim.close();
    return;
  }
  inviteToTry(host, baseUrl, key);
}

function inviteToTry(host: string, baseUrl: string, key: string): void {
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

/** Time to open the page before anything happens on it. */
async function untilAskedFor(): Promise<void> {
  print(["Press Enter to let the load begin."]);
  await Deno.stdin.read(new Uint8Array(1_024));
}

function curls(baseUrl: string, key: string): string[] {
  const auth = `-H 'Authorization: ${key}'`;
  return [
    `curl -i ${auth} ${baseUrl}/users/@me`,
    `curl -i ${auth} -H 'Content-Type: application/json' -d '{"content":"hello"}' ${baseUrl}/channels/80000000000000000/messages`,
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
