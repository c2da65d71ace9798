import { isWithin } from "./place.ts";

/**
 * What each area may import besides itself: the arrows of ARCHITECTURE.md.
 * The most specific entry that contains a file speaks for it, and a file that
 * no entry contains may import nothing, so a new module begins with a line here.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // For the version.
  "rest/domain": ["deno.json"],
  "rest/collections": [],
  // Reading and watching streams, which waits: not for the pure modules.
  "rest/streams": ["rest/domain", "rest/collections", "deps.ts"],
  "rest/config": ["rest/domain"],
  "rest/routes": ["rest/domain"],
  "rest/scheduler": ["rest/domain", "rest/collections"],
  // Which requests are one: a register without promises, sockets or time of its own.
  "rest/idempotency": ["rest/domain", "rest/collections"],
  "rest/rep": [
    "rest/domain",
    "rest/collections",
    "rest/idempotency",
    "rest/routes",
  ],
  "rest/dispatcher": [
    "rest/domain",
    "rest/collections",
    "rest/idempotency",
    "rest/routes",
    "rest/scheduler",
    "rest/streams",
  ],
  "rest/journal": ["rest/domain"],
  "rest/journal/codec": ["rest/domain", "rest/routes"],
  "rest/upstream": [
    "rest/domain",
    "rest/collections",
    "rest/streams",
    "deps.ts",
  ],
  "rest/manager": ["rest/domain", "deps.ts"],
  // One more way in and one more way out, between proxies.
  "rest/peers": [
    "rest/domain",
    "rest/collections",
    "rest/listener",
    "rest/rep",
    "rest/routes",
    "rest/upstream",
    "deps.ts",
  ],
  "rest/listener": [
    "rest/domain",
    "rest/collections",
    "rest/idempotency",
    "rest/routes",
    "rest/rep",
    "rest/streams",
    "deps.ts",
  ],
  // It shows the scheduler's snapshot: plain data, no behaviour.
  "rest/metrics": [
    "rest/domain",
    "rest/collections",
    "rest/scheduler/types.ts",
    "deps.ts",
  ],
  "rest/admin": [
    "rest/domain",
    "rest/collections",
    "rest/metrics/types.ts",
    // As text, to be served.
    "page",
  ],
  // What runs in a browser; of ours it knows the shape of what it shows.
  "page": ["rest/domain", "rest/metrics"],
  "rest/clock": ["rest/domain"],
  "rest/journal/store": ["rest/domain"],
  // Levels and formats are settings.
  "rest/log": ["rest/domain", "rest/config", "deps.ts"],
  // Who sends what, of several proxies: a pure machine, and its driver with Redis beside it.
  "rest/cluster/ownership": ["rest/domain", "rest/routes"],
  "rest/cluster": [
    "rest/domain",
    "rest/journal/store/store_change.ts",
    "deps.ts",
  ],
  // The queue put together: what decides, what sends, and what is between them.
  "rest/auto_limits.ts": [
    "rest/config",
    "rest/domain",
    "rest/queue.ts",
    "rest/routes",
  ],
  // The journal, its store and the clock's turns put together.
  "rest/journal_keeper.ts": [
    "rest/config",
    "rest/domain",
    "rest/journal",
  ],
  "rest/kept_queue.ts": [
    "rest/config",
    "rest/domain",
    "rest/journal/going_on.ts",
    "rest/journal_keeper.ts",
    "rest/idempotency/fingerprint.ts",
    "rest/listener/access",
    "rest/queue.ts",
    "rest/restoring.ts",
  ],
  "rest/open_proxy.ts": [
    "rest/journal_keeper.ts",
    "rest/config",
    "rest/open_journal.ts",
    "rest/proxy.ts",
  ],
  "rest/open_journal.ts": [
    "rest/config",
    "rest/journal/store",
    "rest/journal_keeper.ts",
  ],
  "rest/queue.ts": [
    "rest/config",
    "rest/dispatcher",
    "rest/domain",
    "rest/idempotency/nonces",
    "rest/listener/access/digest.ts",
    "rest/manager",
    "rest/scheduler",
    "rest/upstream",
  ],
  // Who may come in, put together: keys, bots, and the manager of the first.
  "rest/access.ts": [
    "rest/config",
    "rest/domain",
    "rest/listener",
    "rest/manager",
    "deps.ts",
  ],
  // What another process has left, handed to whoever goes on with it.
  "rest/restoring.ts": [
    "rest/dispatcher",
    "rest/domain",
    "rest/listener",
  ],
  // What operators see and do, put together.
  "rest/draining.ts": [
    "rest/dispatcher",
    "rest/domain",
    "rest/journal_keeper.ts",
    "rest/listener",
    "rest/operating.ts",
    "rest/peers",
  ],
  "rest/operating.ts": [
    "rest/admin",
    "rest/domain",
    "rest/listener/access/bot_ring.ts",
    "rest/listener/websocket",
    "rest/metrics",
    "rest/queue.ts",
    "deps.ts",
  ],
  // Taking part in a cluster, put together.
  "rest/join_cluster.ts": [
    "rest/journal/store",
    "rest/journal_keeper.ts",
    "rest/clock",
    "rest/cluster",
    "rest/config",
    "rest/domain",
    "rest/peers",
    "rest/proxy.ts",
  ],
  "rest/scope_keeper.ts": [
    "rest/cluster",
    "rest/domain",
    "rest/journal_keeper.ts",
    "rest/queue.ts",
    "rest/restoring.ts",
  ],
  "rest/manager_deps.ts": [
    "rest/domain",
    "rest/listener",
    "rest/manager",
    "rest/routes",
  ],
  // The one file that knows all modules, but not where settings come from.
  "rest/proxy.ts": ["rest", "deps.ts"],
  "rest/open_ports.ts": [
    "rest/clock",
    "rest/config",
    "rest/domain",
    "rest/listener",
    "rest/peers",
    "rest/proxy.ts",
  ],
  "rest/mod.ts": [
    "rest/join_cluster.ts",
    "rest/open_ports.ts",
    "configs.ts",
    "deps.ts",
    "rest/open_proxy.ts",
    "rest/proxy.ts",
    "rest/clock",
    "rest/config",
    "rest/domain",
    "rest/listener",
    "rest/log",
  ],
  "rest/serve.ts": ["configs.ts", "rest/proxy.ts", "rest/log"],
  "configs.ts": ["rest/config", "rest/domain"],
  "deps.ts": [],
  // The judge shares no code with the judged.
  "sim": [],
  // People copy it into projects of their own.
  "client": [],
  "client/api": [],
  // Run by Node, beside the proxy and not with it.
  "supervisor": [],
  "client/wire": ["client/api"],
  "client/requests": ["client/api", "client/wire"],
  "client/session": ["client/api", "client/wire", "client/requests"],
  "examples": ["rest/proxy.ts", "client", "configs.ts", "deps.ts"],
  "tools": ["rest", "sim", "client", "deps.ts"],
  "bench": [
    "rest",
    "sim",
    "tools/deno_child.ts",
    "tools/free_port.ts",
    "deps.ts",
  ],
  "tests": [
    "rest",
    "supervisor",
    "page",
    "sim",
    "client",
    "bench",
    "tools",
    "deno.json",
    "deps.ts",
  ],
};

/** The entry of `MAY_IMPORT` that speaks for `place`; undefined when none does. */
export function areaOf(place: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((area) => isWithin(place, area))
    .reduce<string | undefined>(longer, undefined);
}

function longer(found: string | undefined, area: string): string {
  return found !== undefined && found.length > area.length ? found : area;
}
