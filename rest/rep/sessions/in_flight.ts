import type { Verb } from "../frames/verbs.ts";

/** A request of a frame without an answer, and what its reply has to name. */
export interface PendingRequest {
  readonly id: number;
  readonly verb: Verb;
  readonly targetText: string;
  /** Undefined: nobody wants to hear about it (C28). */
  readonly reqText: string | undefined;
  /** Names the request within its session (I1). */
  readonly reqKey: string | undefined;
  readonly wantsHeaders: boolean;
}

/** Requests without an answer, of one session or one connection without a session. */
export class InFlight {
  readonly #requests = new Set<PendingRequest>();
  #answerable = 0;

  /** Those whose client waits for a reply. */
  get answerable(): number {
    return this.#answerable;
  }

  /** Those nobody wants to hear about. */
  get silent(): number {
    return this.#requests.size - this.#answerable;
  }

  add(request: PendingRequest): void {
    this.#requests.add(request);
    if (request.reqText !== undefined) this.#answerable++;
  }

  delete(request: PendingRequest): void {
    if (!this.#requests.delete(request)) return;
    if (request.reqText !== undefined) this.#answerable--;
  }

  [Symbol.iterator](): IterableIterator<PendingRequest> {
    return this.#requests.values();
  }
}
