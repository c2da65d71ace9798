import type { LearntState, Saving } from "../domain/learnt_state.ts";
import type { Clock } from "../domain/ports.ts";
import { encodeLearnt } from "./codec/learnt_codec.ts";
import type { JournalWriter } from "./writer.ts";

/** What is written down, and where. */
export interface LearntSaverDeps {
  readonly clock: Clock;
  readonly writer: JournalWriter;
  readonly learnt: (saving: Saving) => LearntState;
  /** Grows with every request that is sent: where nothing was, nothing was learnt. */
  readonly sends: () => number;
}

const EVERY_MS = 1_000;

/** Writes down what was learnt of Discord, once a second and at the end. */
export class LearntSaver {
  readonly #deps: LearntSaverDeps;
  #sends = -1;
  #callOff: () => void;

  constructor(deps: LearntSaverDeps) {
    this.#deps = deps;
    this.#callOff = this.#again();
  }

  /** The last time: nothing is sent any more. */
  end(): void {
    this.#callOff();
    this.#save({ isFinal: true });
  }

  #again(): () => void {
    const { clock, sends } = this.#deps;
    return clock.wakeAt(clock.nowMs() + EVERY_MS, () => {
      this.#callOff = this.#again();
      const count = sends();
      if (count === this.#sends) return;
      this.#sends = count;
      this.#save({ isFinal: false });
    });
  }

  #save({ isFinal }: { readonly isFinal: boolean }): void {
    const { clock, writer, learnt } = this.#deps;
    const [nowMs, wallMs] = [clock.nowMs(), clock.wallMs()];
    for (const row of encodeLearnt(learnt({ nowMs, wallMs, isFinal }))) {
      writer.note({ kind: "put", row });
    }
  }
}
