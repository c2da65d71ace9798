import assert from "node:assert/strict";
import type { Fact } from "../../rest/domain/fact.ts";
import type { TlsPair } from "../../rest/domain/tls_pair.ts";
import { startListener } from "../../rest/listener/transport/listen.ts";
import { startTlsListener } from "../../rest/listener/transport/listen_tls.ts";
import { serveOptionsOf } from "../../rest/listener/transport/serve_options.ts";
import { createProxy } from "../../rest/proxy.ts";
import { type Sim, startSim } from "../../sim/server.ts";
import { KEY, settingsOf } from "../_proxy.ts";
import { createLeapingClock, type LeapingClock } from "./_leaping_clock.ts";
import { Wire } from "./_wire.ts";

/** The real proxy before an upstream, and a port beside it that nothing may reach. */
export interface Stand extends AsyncDisposable {
  readonly port: number;
  /** The same with TLS, where a certificate was given. */
  readonly securePort: number;
  readonly clock: LeapingClock;
  readonly facts: readonly Fact[];
  /** Where a proxy that can be misled would end up. */
  readonly decoyPort: number;
  /** Fails unless good requests are answered, nothing reached the decoy and the proxy blames itself for nothing. */
  assertUnharmed(): Promise<void>;
}

/** The same before the simulated Discord. */
export interface SimStand extends Stand {
  /** What reached it, as `POST /api/v10/x 15` (bytes of body), oldest first. */
  reached(): string[];
}

export const GOOD =
  `GET /api/v10/gateway HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\n\r\n`;

/** No limit binds: what is asked is answered at once. */
const ENV = { REST_GLOBAL_LIMIT: "1000", REST_UPSTREAM_TIMEOUT_MS: "1000" };

export async function startStand(
  upstream: string,
  env?: Record<string, string>,
  pair?: TlsPair,
): Promise<Stand> {
  const facts: Fact[] = [];
  const sink = (fact: Fact) => void facts.push(fact);
  const clock = createLeapingClock();
  const settings = settingsOf({ ...ENV, REST_UPSTREAM: upstream, ...env });
  const proxy = createProxy(settings, { clock, facts: sink });
  const options = {
    ...serveOptionsOf(settings),
    endpoint: proxy.endpoint,
    clock,
    facts: sink,
    host: "127.0.0.1",
    port: 0,
  };
  const listener = await startListener(options);
  const secure = pair && startTlsListener({ ...options, pair });
  const { port } = listener.address;
  const decoy = startDecoy();
  return {
    port,
    securePort: secure?.address.port ?? 0,
    clock,
    facts,
    decoyPort: decoy.port,
    async assertUnharmed() {
      using wire = await Wire.open(port);
      await wire.send(GOOD);
      await wire.read(1);
      assert.equal(wire.responses[0]?.status, 200);
      assert.equal(await decoy.visitors(), 0);
      assert.deepEqual(facts.filter(isBlame), []);
    },
    async [Symbol.asyncDispose]() {
      await proxy.drain(0);
      await listener.shutdown();
      await secure?.shutdown();
      await decoy.close();
    },
  };
}

export async function startSimStand(
  env?: Record<string, string>,
  pair?: TlsPair,
): Promise<SimStand> {
  const sim = await startSim({ globalLimit: { limit: 1_000 } });
  const stand = await startStand(sim.url, env, pair);
  return {
    ...stand,
    reached: () => told(sim),
    async assertUnharmed() {
      await stand.assertUnharmed();
      assert.ok(!JSON.stringify(sim.requests()).includes(KEY));
    },
    async [Symbol.asyncDispose]() {
      await stand[Symbol.asyncDispose]();
      await sim.close();
    },
  };
}

function told(sim: Sim): string[] {
  return sim.requests().map(({ method, target, bodyBytes }) =>
    `${method} ${target} ${bodyBytes}`
  );
}

function isBlame(fact: Fact): boolean {
  return fact.kind === "refused" && fact.code === "internal";
}

function startDecoy() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  let count = 0;
  const accepting = (async () => {
    for await (const visitor of listener) {
      count++;
      visitor.close();
    }
  })();
  return {
    port,
    async visitors() {
      // Connections are taken in the order they were made: when ours is closed, all before it are counted.
      using own = await Deno.connect({ hostname: "127.0.0.1", port });
      await own.read(new Uint8Array(1));
      return --count;
    },
    async close() {
      listener.close();
      await accepting;
    },
  };
}
