import { Acker } from "./acker.ts";
import type { Clock } from "../api/clock.ts";
import type { ReadyInfo } from "../api/types.ts";

/** What a new connection means for requests that had left on the old one. */
export type Continuity =
  /** The proxy remembers them: sending again attaches to the running one or fetches its reply. */
  | "same"
  /** It does not: whether they were executed, nobody knows. */
  | "changed";

/**
 * This process' half of a session: which epoch of the proxy it talked to, and
 * what it has handled. Without a name there is no session, and every
 * connection is a stranger to the one before.
 */
export class Session {
  readonly name: string | undefined;
  readonly #newAcker: () => Acker;
  #acker: Acker;
  #epoch: string | undefined;

  constructor(
    name: string | undefined,
    clock: Clock,
    sendAck: (seq: number) => boolean,
  ) {
    this.name = name;
    this.#newAcker = () => new Acker(clock, sendAck);
    this.#acker = this.#newAcker();
  }

  get acker(): Acker {
    return this.#acker;
  }

  /** For the greeting: absent when nothing was handled, so that everything kept is sent. */
  get lastSeq(): number | undefined {
    const { floor } = this.#acker;
    return floor === 0 ? undefined : floor;
  }

  /** Takes in what the proxy says of the session. */
  welcomed(info: ReadyInfo): Continuity {
    const isSame = info.resumed && info.epoch === this.#epoch;
    this.#epoch = info.epoch;
    // A count below ours is another count: of a new session, or of an old copy.
    if (!info.resumed || info.seq < this.#acker.floor) {
      this.#acker.stop();
      this.#acker = this.#newAcker();
    }
    this.#acker.connected();
    return isSame ? "same" : "changed";
  }

  stop(): void {
    this.#acker.stop();
  }
}
