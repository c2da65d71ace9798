import type { Range } from "./model/random.ts";
import type { ModelOptions } from "./model/settings.ts";

/** What may be changed while the simulated Discord runs. */
export interface SimChange extends ModelOptions {
  /** Time before the model judges a request. */
  readonly latencyIn?: Range;
  /** Time between the judgement and the answer. */
  readonly latencyOut?: Range;
}

/** All options of the simulated Discord, as JSON. */
export interface SimOptions extends SimChange {
  /** 0 (default): any free port. */
  readonly port?: number;
  /** Loopback only; `127.0.0.1` by default. */
  readonly hostname?: string;
  /** PEM texts; HTTP/1.1 over TLS when given. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** How many requests are kept for `requests()`, oldest first; 0 in benches. */
  readonly recordLimit?: number;
  /** How much of each body is kept in a record. */
  readonly keepBodyBytes?: number;
}

/** The options of the server; all others are the model's. */
export const SERVER_OPTIONS = [
  "latencyIn",
  "latencyOut",
  "port",
  "hostname",
  "tls",
  "recordLimit",
  "keepBodyBytes",
] as const satisfies ReadonlyArray<keyof SimOptions>;
