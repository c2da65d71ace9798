import type { EntryRef, Guarantee } from "../domain/entry.ts";
import type { Fact } from "../domain/fact.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { CloseCode } from "./connections/close_codes.ts";

/** The frame that asked for a cancellation and gets its result (D1). */
export interface CancelInquiry {
  readonly connectionId: number;
  readonly targetText: string;
  readonly reqText: string;
}

/** What the machine wants done. Its caller performs actions at once and in order. */
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
  /** Submit the request; its end is told with exactly one `answered`. */
  | {
    readonly kind: "submit";
    readonly submissionId: number;
    readonly request: ProxyRequest;
    /** Undefined: nobody is promised more than an answer while the connection is open. */
    readonly guarantee: Guarantee | undefined;
  }
  /** Tell the journal that nobody can ask for the request any more. */
  | { readonly kind: "forget"; readonly entry: EntryRef }
  /** Cancel the request if it has not been sent, and tell the result with `cancelled`. */
  | {
    readonly kind: "cancel";
    readonly submissionId: number;
    readonly inquiry: CancelInquiry | undefined;
  }
  /** Tell the queue that the caller of the request has left. */
  | { readonly kind: "leave"; readonly submissionId: number }
  /** Tell with `measured` how many bytes the socket has not sent. */
  | { readonly kind: "measure"; readonly connectionId: number }
  /** Hand the fact to the operators' log and metrics. */
  | { readonly kind: "tell"; readonly fact: Fact };
