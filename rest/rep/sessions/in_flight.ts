import type { Verb } from "../frames/verbs.ts";

/** A request without an answer, and what its reply will need. */
export interface PendingRequest {
  readonly id: number;
  readonly verb: Verb;
  readonly targetText: string;
  /** Undefined if the request gets no reply (C28). */
  readonly reqText: string | undefined;
  /** The key of the request within its session (I1). */
  readonly reqKey: string | undefined;
  readonly wantsHeaders: boolean;
  /** Tells it from another one under the same `req` of its session. */
  readonly fingerprint: string;
}

/** The requests without an answer of one session, or of one connection without a session. */
export class InFlight {
  readonly #requests = new Set<PendingRequest>();
  #answerable = 0;

  /** Requests that will get a reply. */
  get answerable(): number {
    return this.#answerable;
  }

  /** Requests without `req`, which get no reply. */
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
