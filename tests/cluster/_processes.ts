import { SCOPES } from "../../rest/cluster/ownership/scopes.ts";
import { TOKEN } from "../_proxy.ts";
import { type Child, startChild } from "../start/child.ts";
import type { TestRedis } from "./_redis.ts";
import { freePort } from "../../tools/free_port.ts";

/** `REST_AUTHORIZATION` of all of them. */
export const PROXY_KEY = "a-key-of-the-tests-0123456789";
/** `REST_PEER_KEY` of all of them. */
export const PEER_KEY = "a-key-of-the-peers-0123456789";
const KEY = PROXY_KEY;

/** One proxy of a cluster, in a process of its own. */
export interface ProxyProcess {
  readonly child: Child;
  readonly url: string;
  /** A POST to a channel's messages; undefined where no connection came about. */
  post(
    channel: number | string,
    content: string,
    headers?: Record<string, string>,
  ): Promise<number | undefined>;
  /** The text of `/metrics`; "" where there is none. */
  figures(): Promise<string>;
}

/** Starts a proxy that is one of a cluster, and waits until it is there. */
export async function startProxyProcess(
  redis: TestRedis,
  upstream: string,
  env: Record<string, string> = {},
  through: readonly string[] = [],
): Promise<ProxyProcess> {
  const child = await startChild({
    through,
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: upstream,
      REST_REDIS_URL: redis.url.reveal(),
      REST_PEER_URL: `http://127.0.0.1:${freePort()}`,
      REST_PEER_KEY: PEER_KEY,
      REST_DRAIN_MS: "5000",
      ...env,
    },
  });
  const [, url = ""] = await child.seen(
    /[Ll]istening on "?(https?:\/\/[0-9.:]+[0-9])/,
  );
  return {
    child,
    url,
    async figures() {
      const headers = { authorization: KEY };
      const response = await fetch(`${url}/metrics`, { headers })
        .catch(() => undefined);
      return await response?.text() ?? "";
    },
    async post(channel, content, headers = {}) {
      const path = `/api/v10/channels/${channel}/messages`;
      try {
        const response = await fetch(url + path, {
          method: "POST",
          headers: {
            authorization: KEY,
            "content-type": "application/json",
            ...headers,
          },
          body: JSON.stringify({ content }),
        });
        await response.body?.cancel();
        return response.status;
      } catch {
        return undefined;
      }
    },
  };
}

/** Settles when these proxies own everything, each a part: at the start of a cluster leases are waited for. */
export async function settled(
  proxies: readonly ProxyProcess[],
): Promise<void> {
  for (;;) {
    const figures = await Promise.all(proxies.map((one) => one.figures()));
    const owned = figures.map((text) =>
      Number(/^sluice_owned_scopes (\d+)$/m.exec(text)?.[1] ?? 0)
    );
    const all = owned.reduce((sum, count) => sum + count, 0);
    if (all === SCOPES.length && !owned.includes(0)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const LOOK_MS = 50;
