import type { HeaderList } from "./headers.ts";
import type { Timing } from "./wait_reason.ts";

/** Small bodies are complete, larger ones are streams; undefined if there is none (204, 304). */
export type AnswerBody =
  | Uint8Array<ArrayBuffer>
  | ReadableStream<Uint8Array<ArrayBuffer>>
  | undefined;

/** An answer of Discord's. Refusals by the proxy itself are a `Refusal`. */
export interface Answer {
  readonly status: number;
  /** Names in lower case, in the order received, with repetitions, without hop-by-hop headers. */
  readonly headers: HeaderList;
  readonly body: AnswerBody;
  /** The decompressed body of an error, for the proxy itself; the caller gets `body`. */
  readonly plainBody?: Uint8Array | undefined;
  /**
   * When its request was put on a connection (`performance.now()`), if the upstream
   * knows: waiting for a connection is not part of the latency to Discord.
   */
  readonly sentAtMs?: number;
  /** Where its time went; undefined if it was in no queue. */
  readonly timing?: Timing;
  /** Set if the proxy itself answers (a kept request, a changed token): only then may it be signed. */
  readonly isOurs?: true;
}

/** An answer whose body has been read to its end. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}
