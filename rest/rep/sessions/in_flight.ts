import type { Connection } from "../connections/connection.ts";
import type { Session } from "./session.ts";
import type { Verb } from "../frames/verbs.ts";

/** A request of a frame on its way, and where its answer belongs. */
export interface Submission {
  readonly id: number;
  /** Where it came from, or where its session was ended. */
  connection: Connection;
  /** Undefined for a connection without a session, and for a session that was ended meanwhile. */
  session: Session | undefined;
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
  readonly #submissions = new Set<Submission>();
  #answerable = 0;

  /** Those whose client waits for a reply. */
  get answerable(): number {
    return this.#answerable;
  }

  /** Those nobody wants to hear about. */
  get silent(): number {
    return this.#submissions.size - this.#answerable;
  }

  add(submission: Submission): void {
    this.#submissions.add(submission);
    if (submission.reqText !== undefined) this.#answerable++;
  }

  delete(submission: Submission): void {
    if (!this.#submissions.delete(submission)) return;
    if (submission.reqText !== undefined) this.#answerable--;
  }

  [Symbol.iterator](): IterableIterator<Submission> {
    return this.#submissions.values();
  }
}
