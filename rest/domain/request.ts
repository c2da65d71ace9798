import type { HeaderList } from "./headers.ts";
import type { Identity } from "./identity.ts";
import type { RouteFacts } from "./route.ts";
import type { Urgency } from "./urgency.ts";

/** The methods of Discord's API. Others are refused with 405. */
export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** An HTTP method that Discord's API takes. */
export type Method = (typeof METHODS)[number];

/**
 * What becomes of a write that is not sent yet when its caller leaves: it is
 * sent all the same, or dropped. A read is always dropped.
 */
export type OnLeave = "run" | "cancel";

/** The request target below `REST_UPSTREAM`, as the caller spelt it. */
export interface Target {
  /** API version, upstream's `/v{n}`. */
  readonly version: number;
  /** Path after the version, raw, beginning with `/`. */
  readonly path: string;
  /** Raw query with its `?`, or "". */
  readonly query: string;
}

/** A request of a caller, the same for every transport. */
export interface ProxyRequest {
  readonly method: Method;
  readonly target: Target;
  readonly route: RouteFacts;
  /** Only headers that may cross (see `crossing_headers.ts`), names in lower case; never `authorization`. */
  readonly headers: HeaderList;
  /** Undefined if the request has no body. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly identity: Identity;
  /** Key name and client name, for fairness and logs. Not secret. */
  readonly caller: string;
  readonly urgency: Urgency;
  /** False after `X-Rest-Order: none`. */
  readonly isOrdered: boolean;
  /** The request must be sent within this time after it is queued; undefined: only `REST_MAX_WAIT_MS` counts. */
  readonly leaveWithinMs: number | undefined;
  /** The longest wait that a rule of the operator's allows it; undefined: `REST_MAX_WAIT_MS`. */
  readonly longestWaitMs?: number | undefined;
  /**
   * Where it is a message: Discord is to recognise it should it come twice, by a
   * nonce that is made of this name. The same name makes the same nonce in every
   * life of the proxy. Undefined: as the operator decided for all.
   */
  readonly dedupe?: string | undefined;
  /** What becomes of it when its caller leaves; `run` when left out. */
  readonly onLeave?: OnLeave;
}
