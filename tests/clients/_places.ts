import { type Sim, type SimOptions, startSim } from "../../sim/server.ts";
import { type Child, startChild } from "../start/child.ts";
import { startTerminator } from "./_tls.ts";

/** The key of every place; the id in front of the token is 123456789012345678. */
export const KEY = "key-of-the-client-libraries";
export const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.client.libraries";

/** A simulated Discord and the real proxy in front of it, as `deno task start` runs it. */
export interface Place extends AsyncDisposable {
  readonly sim: Sim;
  readonly proxy: Child;
  readonly port: number;
  /** The same behind TLS. */
  readonly tlsPort: number;
  /** A message by somebody else with the same key; returns the status. */
  rival(channel: string): Promise<number>;
}

/** Starts both, with these settings for the one and the other. */
export async function startPlace(
  options: SimOptions,
  env: Record<string, string> = {},
): Promise<Place> {
  await using stack = new AsyncDisposableStack();
  const sim = stack.use(await startSim(options));
  const proxy = stack.use(
    await startChild({
      env: {
        DISCORD_TOKEN: TOKEN,
        REST_AUTHORIZATION: KEY,
        REST_PORT: "0",
        REST_UPSTREAM: sim.url,
        ...env,
      },
    }),
  );
  const [, listening] = await proxy.seen(/Listening on http:\S+:(\d+)/);
  const port = Number(listening);
  const { port: tlsPort } = stack.use(startTerminator(port));
  const all = stack.move();
  return {
    sim,
    proxy,
    port,
    tlsPort,
    rival: (channel) => rival(port, channel),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function rival(port: number, channel: string): Promise<number> {
  const response = await fetch(
    `http://127.0.0.1:${port}/api/v10/channels/${channel}/messages`,
    {
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: JSON.stringify({ content: "rival" }),
    },
  );
  await response.body?.cancel();
  return response.status;
}
