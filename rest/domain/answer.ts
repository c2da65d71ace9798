import type { HeaderList } from "./headers.ts";
import type { Timing } from "./wait_reason.ts";

/** Small bodies come whole, larger ones stream; undefined where there is none (204, 304). */
export type AnswerBody =
  | Uint8Array<ArrayBuffer>
  | ReadableStream<Uint8Array<ArrayBuffer>>
  | undefined;

/** Discord's own answer. What the proxy says itself is a `Refusal`. */
export interface Answer {
  readonly status: number;
  /** Names in lower case, in the order received, repeated names kept; hop-by-hop already gone. */
  readonly headers: HeaderList;
  readonly body: AnswerBody;
  /** A compressed error's text, for us alone to read; the caller gets `body`. */
  readonly plainBody?: Uint8Array | undefined;
  /**
   * When its request was put on a connection (`performance.now()`), where the
   * upstream knows: waiting for the connection is not part of the way to Discord.
   */
  readonly sentAtMs?: number;
  /** Where its time went; undefined where it was in no queue. */
  readonly timing?: Timing;
  /** Set where the proxy speaks for itself (a kept request, a changed token): its signature may stand. */
  readonly isOurs?: true;
}
