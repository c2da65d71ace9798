import type { AuditReport } from "../sim/auditor.ts";
import type { SimChange, SimOptions } from "../sim/options.ts";
import { startChild } from "./child.ts";
import { FLAGS } from "./subjects.ts";

/** The simulated Discord in its own process, as a bench steers it. */
export interface Discord extends AsyncDisposable {
  /** Ends in `/api`. */
  readonly url: string;
  /** Forgets everything and takes another world's settings. */
  readonly reset: (world: SimChange) => Promise<void>;
  readonly report: () => Promise<AuditReport>;
}

/** The defaults of every setting a case may have changed; a world's own settings go on top. */
const PLAIN = {
  latencyIn: { minMs: 0, maxMs: 0 },
  latencyOut: { minMs: 0, maxMs: 0 },
  rules: [],
  faults: [],
  globalLimit: { limit: 50, periodMs: 1_000, window: "fixed_first" },
  accounts: { channelOf: {}, guildOf: {} },
  // Its pool per address would bind first where callers bring no token.
  ipPool: { isOn: false },
} as const satisfies SimChange;

/** Starts it; `options` are those of the process and stay for all worlds. */
export async function startDiscord(options: SimOptions = {}): Promise<Discord> {
  const wanted: SimOptions = { recordLimit: 0, keepBodyBytes: 0, ...options };
  const child = await startChild({
    script: "sim/main.ts",
    args: [JSON.stringify(wanted)],
    flags: FLAGS,
  });
  const call = async (method: string, path: string, body?: string) => {
    const url = new URL(path, child.url);
    const response = await fetch(url, { method, body: body ?? null });
    const text = await response.text();
    if (!response.ok) throw new Error(`The simulator refused ${path}: ${text}`);
    return text;
  };
  return {
    url: child.url.href,
    async reset(world) {
      const globalLimit = { ...PLAIN.globalLimit, ...world.globalLimit };
      const whole = { ...PLAIN, ...world, globalLimit };
      await call("POST", "/__sim/reset", JSON.stringify(whole));
    },
    report: async () => JSON.parse(await call("GET", "/__sim/report")),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
