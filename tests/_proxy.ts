import { SYSTEM_CLOCK } from "../rest/clock/system_clock.ts";
import { readSettings } from "../rest/config/read_settings.ts";
import type { Settings } from "../rest/config/settings.ts";
import type { Access } from "../rest/domain/access.ts";
import type { Fact } from "../rest/domain/fact.ts";
import type { Endpoint } from "../rest/listener/http/incoming_request.ts";
import { startListener } from "../rest/listener/transport/listen.ts";
import { serveOptionsOf } from "../rest/listener/transport/serve_options.ts";
import { createProxy, type Proxy, type ProxyParts } from "../rest/proxy.ts";
import { type Sim, type SimOptions, startSim } from "../sim/server.ts";

export const KEY = "a-key-of-the-tests-0123456789";

/** A token of the right shape; its first part is the application id. */
export const TOKEN = `${btoa("123456789012345678")}.tests0.${
  "not-a-real-token-of-anyone".padEnd(27, "x")
}`;

/** The real proxy on a port of its own in front of a simulated Discord. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly sim: Sim;
  readonly proxy: Proxy;
  readonly facts: readonly Fact[];
}

/** Settings as an operator would give them; a test names only what it is about. */
export function settingsOf(env: Record<string, string> = {}): Settings {
  const read = readSettings({
    DISCORD_TOKEN: TOKEN,
    REST_AUTHORIZATION: KEY,
    REST_LOG_LEVEL: "error",
    ...env,
  });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  return read.settings;
}

export interface TestProxyOptions {
  readonly env?: Record<string, string>;
  readonly sim?: SimOptions;
  /** What the files of keys and tokens say, where there are any. */
  readonly access?: Access;
  /** What an embedding program may put in place of the real thing. */
  readonly parts?: Pick<
    ProxyParts,
    "stop" | "onceCode" | "buttons" | "peers"
  >;
  /** Puts something between the port and the proxy. */
  readonly wrap?: (endpoint: Endpoint) => Endpoint;
}

export async function startTestProxy(
  options: TestProxyOptions = {},
): Promise<TestProxy> {
  const sim = await startSim(options.sim);
  const facts: Fact[] = [];
  const sink = (fact: Fact) => void facts.push(fact);
  const settings = settingsOf({ REST_UPSTREAM: sim.url, ...options.env });
  const { access } = options;
  const proxy = createProxy(settings, {
    facts: sink,
    ...access !== undefined && { access },
    ...options.parts,
  });
  const listener = await startListener({
    ...serveOptionsOf(settings),
    endpoint: options.wrap?.(proxy.endpoint) ?? proxy.endpoint,
    clock: SYSTEM_CLOCK,
    facts: sink,
    host: "127.0.0.1",
    port: 0,
  });
  const { port } = listener.address;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    sim,
    proxy,
    facts,
    async [Symbol.asyncDispose]() {
      await proxy.drain(0);
      await listener.shutdown();
      await sim.close();
    },
  };
}
