import type { BlockShape } from "./ip_guard.ts";
import type { HeaderList } from "./request.ts";

/** A failure of one request. `isExecuted`: whether its side effect happened all the same. */
export type Fault =
  /** A page of Discord's or Cloudflare's: 500, 502, 503, 504, 520 to 524. */
  | {
    readonly kind: "status";
    readonly status: number;
    readonly isExecuted?: boolean;
  }
  /** Exactly this answer, after the limits were counted. */
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly headers?: HeaderList;
    readonly body?: string;
    readonly isExecuted?: boolean;
  }
  /** A 429 out of the blue. Without `retryAfterMs` neither header nor body says how long to wait. */
  | {
    readonly kind: "limited";
    readonly scope: "user" | "shared" | "global";
    readonly retryAfterMs?: number;
    /** A lie: the header says this, the body something else. */
    readonly retryAfterHeaderS?: number;
    readonly code?: number;
    readonly message?: string;
  }
  /** Cloudflare shuts this address out, from this request on. */
  | {
    readonly kind: "block";
    readonly shape?: BlockShape;
    readonly forMs?: number;
    readonly hasRetryAfter?: boolean;
  }
  /** The connection is reset (RST). */
  | { readonly kind: "reset"; readonly isExecuted?: boolean }
  /** The connection is closed (FIN) without a byte of an answer. */
  | {
    readonly kind: "close";
    readonly isExecuted?: boolean;
    /** Only on a connection that has carried a request before. */
    readonly onlyReused?: boolean;
  }
  /** No answer, ever. */
  | { readonly kind: "silence"; readonly isExecuted?: boolean }
  /** The body comes in small pieces over this time. */
  | { readonly kind: "slow_body"; readonly overMs: number }
  /** The connection closes in the middle of the body. */
  | { readonly kind: "cut_body" }
  /** Bytes that are no HTTP, then the end. */
  | { readonly kind: "nonsense"; readonly isExecuted?: boolean };

/** A fault that befalls some requests by chance. */
export interface FaultChance {
  /** Method and template, or method and raw path; either may be `*`. All requests when not said. */
  readonly match?: string;
  readonly probability: number;
  readonly fault: Fault;
}

/** A fault that befalls the next requests that match. */
export interface ScriptedFault {
  readonly match?: string;
  readonly fault: Fault;
  /** How many of them; 1 when absent. */
  readonly times?: number;
}
