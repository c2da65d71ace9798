import type { Fact } from "../domain/fact.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { CloseCode } from "./connections/close_codes.ts";

/** Somebody who wants to hear what became of a cancellation (D1). */
export interface CancelInquiry {
  readonly connectionId: number;
  readonly targetText: string;
  readonly reqText: string;
}

/** What the machine wants done; in this order, and at once. */
export type Action =
  | {
    readonly kind: "send";
    readonly connectionId: number;
    readonly text: string;
  }
  | {
    readonly kind: "close";
    readonly connectionId: number;
    readonly code: CloseCode;
    readonly reason: string;
  }
  /** Ends in exactly one `answered`. */
  | {
    readonly kind: "submit";
    readonly submissionId: number;
    readonly request: ProxyRequest;
  }
  /** Take the request back if it has not left; then tell `cancelled`. */
  | {
    readonly kind: "cancel";
    readonly submissionId: number;
    readonly inquiry: CancelInquiry | undefined;
  }
  /** Tell `measured` what the socket holds unsent. */
  | { readonly kind: "measure"; readonly connectionId: number }
  /** Something happened that operators may want to see. */
  | { readonly kind: "tell"; readonly fact: Fact };
