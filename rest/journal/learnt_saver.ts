import type { LearntState, Moment, Saving } from "../domain/learnt_state.ts";
import type { Clock } from "../domain/ports.ts";
import { encodeLearnt, type LearntReaders } from "./codec/learnt_codec.ts";
import type { JournalWriter } from "./writer.ts";

/** What is written down, and where. */
export interface LearntSaverDeps {
  readonly clock: Clock;
  readonly writer: JournalWriter;
  readonly learnt: (saving: Saving) => LearntState;
  readonly readers: LearntReaders;
}

const EVERY_MS = 1_000;
/** Nobody believes it after a day. */
const KEPT_MS = 86_400_000;

/**
 * Writes down what was learnt of Discord: when the first request is sent after
 * a pause, every second while more are, and at the end. So whatever is sent was
 * sent within a second of the last writing, and the next process knows.
 */
export class LearntSaver {
  readonly #deps: LearntSaverDeps;
  #hasSent = false;
  #callOff: (() => void) | undefined;

  constructor(deps: LearntSaverDeps) {
    this.#deps = deps;
  }

  /** A request is sent. */
  noteSend(): void {
    this.#hasSent = true;
    if (this.#callOff === undefined) this.#begin();
  }

  /** The last time: nothing is sent any more. */
  end(): void {
    this.#callOff?.();
    this.#save({ isFinal: true });
  }

  /** The last time for some identities: nothing more is sent for them here. */
  endFor(hasIdentity: (identityId: string) => boolean): void {
    this.#save({ isFinal: true, hasIdentity });
  }

  #begin(): void {
    this.#hasSent = false;
    this.#save({ isFinal: false });
    const { clock } = this.#deps;
    this.#callOff = clock.wakeAt(clock.nowMs() + EVERY_MS, () => {
      this.#callOff = undefined;
      if (this.#hasSent) this.#begin();
    });
  }

  #save(what: Omit<Saving, keyof Moment>): void {
    const { clock, writer, learnt, readers } = this.#deps;
    const [nowMs, wallMs] = [clock.nowMs(), clock.wallMs()];
    const untilWallMs = wallMs + KEPT_MS;
    for (
      const row of encodeLearnt(learnt({ nowMs, wallMs, ...what }), readers)
    ) {
      writer.note({ kind: "put", row: { ...row, untilWallMs } });
    }
  }
}
