import { type Sim, type SimOptions, startSim } from "../../sim/server.ts";
import { type Child, startChild } from "../start/child.ts";
import { CA, fixturePath } from "../tls/_callers.ts";

/** The key of every place; the id in front of the token is 123456789012345678. */
export const KEY = "key-of-the-client-libraries";
export const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.client.libraries";

/** What the proxy of a place speaks. */
export type Scheme = "http" | "https";

/** A simulated Discord and the real proxy in front of it, as `deno task start` runs it. */
export interface Place extends AsyncDisposable {
  readonly sim: Sim;
  readonly proxy: Child;
  readonly port: number;
  /** `http://127.0.0.1:<port>`, or https. */
  readonly origin: string;
  /** A request by somebody else with the same key. */
  ask(path: string, init?: RequestInit): Promise<Response>;
}

export interface PlaceOptions {
  readonly discord: SimOptions;
  /** Settings of the proxy besides those every place has. */
  readonly env?: Readonly<Record<string, string>>;
}

const CERTIFICATE = {
  REST_TLS_CERT: fixturePath("cert.pem"),
  REST_TLS_KEY: fixturePath("key.pem"),
};

/** Starts both; the proxy speaks plain HTTP unless told otherwise. */
export async function startPlace(
  { discord, env = {} }: PlaceOptions,
  scheme: Scheme = "http",
): Promise<Place> {
  await using stack = new AsyncDisposableStack();
  const sim = stack.use(await startSim(discord));
  const proxy = stack.use(
    await startChild({
      env: {
        DISCORD_TOKEN: TOKEN,
        REST_AUTHORIZATION: KEY,
        REST_PORT: "0",
        REST_UPSTREAM: sim.url,
        ...scheme === "https" ? CERTIFICATE : {},
        ...env,
      },
    }),
  );
  const [, origin = "", port] = await proxy.seen(
    /Listening on (https?:\/\/[0-9.]+:(\d+))/,
  );
  const client = stack.use(Deno.createHttpClient({ caCerts: [CA] }));
  const all = stack.move();
  return {
    sim,
    proxy,
    port: Number(port),
    origin,
    ask: (path, { headers, ...init } = {}) =>
      fetch(`${origin}${path}`, {
        ...init,
        headers: { authorization: KEY, ...headers },
        client,
      }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
