import type { Fault } from "./fault.ts";
import type { Scope, SimResponse } from "./response.ts";

/** How an answer is delivered, or fails to be. */
export type Delivery =
  | { readonly kind: "whole" }
  | { readonly kind: "reset" | "close" | "silence" | "cut" | "nonsense" }
  | { readonly kind: "slow"; readonly overMs: number };

/** The rules' decision about one request. */
export interface Verdict {
  readonly response: SimResponse;
  /** True when the request's side effect (or read) happened. */
  readonly executed: boolean;
  /** True when a nonce was recognised and the first message handed back. */
  readonly isDuplicate: boolean;
  /** Set on 429s and blocks. */
  readonly scope: Scope | undefined;
  /** The limiter that said no, by name. */
  readonly limitedBy: string | undefined;
}

/** The whole outcome of one request. */
export interface Outcome extends Verdict {
  readonly delivery: Delivery;
  readonly routeKey: string;
  readonly major: string;
  /** True when it counts towards a block of the address. */
  readonly isInvalid: boolean;
  /** What distinguishes this request from others of its kind: the message's content, else the audit-log reason. */
  readonly mark: string | undefined;
  readonly fault: Fault["kind"] | undefined;
}

/** A verdict without a side effect. */
export function undone(
  response: SimResponse,
  why: Partial<Pick<Verdict, "scope" | "limitedBy">> = {},
): Verdict {
  return {
    response,
    executed: false,
    isDuplicate: false,
    scope: why.scope,
    limitedBy: why.limitedBy,
  };
}
