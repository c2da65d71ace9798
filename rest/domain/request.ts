import type { HeaderList } from "./headers.ts";
import type { Identity } from "./identity.ts";
import type { Lane, RouteFacts } from "./route.ts";

/** Every method Discord's API takes. Anything else is refused with 405. */
export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** An HTTP method that Discord's API takes. */
export type Method = (typeof METHODS)[number];

/** Urgency of RFC 9218: 0 is most urgent, 7 least, 3 when nothing is said. */
export type Urgency = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** What counts where nothing is said (RFC 9218). */
const URGENCY_DEFAULT: Urgency = 3;
/** Discord waits 3 s for the answer to an interaction (docs: receiving and responding). */
const URGENCY_OF_INTERACTIONS: Urgency = 0;

/** The urgency of a request whose caller named none. */
export function defaultUrgencyOf(lane: Lane): Urgency {
  return lane === "interaction" ? URGENCY_OF_INTERACTIONS : URGENCY_DEFAULT;
}

/** Where a request goes below `REST_UPSTREAM`. Every member is as the caller spelt it. */
export interface Target {
  /** API version, upstream's `/v{n}`. */
  readonly version: number;
  /** Path after the version, raw, beginning with `/`. */
  readonly path: string;
  /** Raw query with its `?`, or "". */
  readonly query: string;
}

/** What a caller asked for, free of any transport. */
export interface ProxyRequest {
  readonly method: Method;
  readonly target: Target;
  readonly route: RouteFacts;
  /** Only headers that may cross (see `headers.ts`), names in lower case; never `authorization`. */
  readonly headers: HeaderList;
  /** Undefined: no body at all. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly identity: Identity;
  /** Key name and client name: who shares fairly with whom. Safe to log. */
  readonly caller: string;
  readonly urgency: Urgency;
  /** False when the caller said `X-Rest-Order: none`. */
  readonly isOrdered: boolean;
  /** The request must have left within this time of being queued; undefined: `REST_MAX_WAIT_MS` alone. */
  readonly leaveWithinMs: number | undefined;
}
