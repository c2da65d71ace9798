/** @discordjs/rest as it is, which sends a message again on every 5xx, before an edge that makes it and denies it. */
import assert from "node:assert/strict";
import type { Fault } from "../../sim/model/fault.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { hasNode, installedPackages } from "./_packages.ts";
import { type Outcome, type Program, startProgram } from "./_program.ts";

const CHANNEL = "200000000000000001";
const ADD = { REST_MESSAGE_NONCE: "add" };

/** What the proxy sends before it hands the failure on, and what the library does after that. */
const PROXY_SENDS = 4;

interface Stand extends AsyncDisposable {
  readonly proxy: TestProxy;
  readonly bot: Program;
}

async function startStand(
  env: Record<string, string>,
  timeoutMs?: number,
): Promise<Stand> {
  const stack = new AsyncDisposableStack();
  const proxy = stack.use(await startTestProxy({ env }));
  const packages = await installedPackages();
  const bot = stack.use(startProgram("discordjs_rest", packages));
  await bot.run("point", { origin: proxy.url, token: KEY, timeoutMs });
  return { proxy, bot, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function say({ bot }: Stand, content = "ok"): Promise<Outcome> {
  return bot.run("message", { channel: CHANNEL, content });
}

function denied(status: number): Fault {
  return { kind: "status", status, isExecuted: true };
}

function claim(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `@discordjs/rest: ${name}`, ignore: !hasNode(), fn });
}

claim(
  "a message that the edge makes and answers with 500, 502, 504 or 524 is one message",
  async () => {
    await using stand = await startStand(ADD);
    const { sim } = stand.proxy;
    for (const status of [500, 502, 504, 524]) {
      sim.reset();
      sim.script({ fault: denied(status) });
      const { value, error } = await say(stand);
      assert.equal(error, undefined);
      assert.match(String(value), /^\d+$/);
      const { executed, deduplicated } = sim.audit.report();
      assert.deepEqual([executed, deduplicated], [1, 1], `${status}`);
    }
  },
);

claim(
  "a message that is denied more often than the proxy tries is one message, though the library sends it again",
  async () => {
    await using stand = await startStand(ADD);
    const { sim } = stand.proxy;
    sim.script({ fault: denied(502), times: PROXY_SENDS + 1 });
    const files = [{ name: "a.txt", text: "a" }];
    const details = { channel: CHANNEL, content: "ok", files };
    const { error } = await stand.bot.run("files", details);
    assert.equal(error, undefined);
    const { executed, received } = sim.audit.report();
    assert.deepEqual([executed, received], [1, PROXY_SENDS + 2]);
    const exchanges = await stand.bot.wire();
    assert.deepEqual(exchanges.map(({ status }) => status), [502, 200]);
  },
);

claim(
  "a message whose connection is cut after it was made is one message, and a library that gives up before the proxy does changes nothing",
  async () => {
    const timeouts = { ...ADD, REST_UPSTREAM_TIMEOUT_MS: "1500" };
    await using stand = await startStand(timeouts, 1_000);
    const { sim } = stand.proxy;
    sim.script({ fault: { kind: "reset", isExecuted: true } });
    assert.equal((await say(stand)).error, undefined);
    sim.script({ fault: { kind: "silence", isExecuted: true } });
    assert.equal((await say(stand)).error, undefined);
    const { executed, deduplicated } = sim.audit.report();
    assert.deepEqual([executed, deduplicated], [2, 2]);
  },
);

claim(
  "without REST_MESSAGE_NONCE four messages come of one, since Discord's own 502 crosses and the library sends again",
  async () => {
    await using stand = await startStand({});
    const { sim } = stand.proxy;
    sim.script({ fault: denied(502), times: 4 });
    assert.equal((await say(stand)).error?.name, "HTTPError");
    assert.equal(sim.audit.report().executed, 4);
  },
);
