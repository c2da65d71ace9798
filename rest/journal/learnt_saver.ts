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
  /** Runs an action after this turn of the event loop. */
  readonly afterTurn: (action: () => void) => void;
  /** The calendar of whoever reads it. */
  readonly wallMs: () => number;
  /** Whether an identity's requests are sent here; all are where this is left out. */
  readonly isOurs?: IsMeant | undefined;
}

type IsMeant = (identityId: string) => boolean;

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
  /** Those that are handed over in this turn. */
  #leaving: IsMeant[] = [];
  #left: Promise<void> | undefined;

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

  /**
   * The last time for some identities: nothing more is sent for them here. All
   * that are handed over in one turn are written down at once, since a large
   * bot's take some milliseconds. Settles when they are noted.
   */
  endFor(hasIdentity: IsMeant): Promise<void> {
    this.#leaving.push(hasIdentity);
    return this.#left ??= new Promise((resolve) =>
      this.#deps.afterTurn(() => {
        const leaving = this.#leaving;
        this.#leaving = [];
        this.#left = undefined;
        const isLeaving = (id: string) => leaving.some((has) => has(id));
        this.#save({ isFinal: true, hasIdentity: isLeaving });
        resolve();
      })
    );
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
    const { clock, writer, learnt, readers, isOurs } = this.#deps;
    const [nowMs, wallMs] = [clock.nowMs(), this.#deps.wallMs()];
    const untilWallMs = clock.wallMs() + KEPT_MS;
    const saving = { nowMs, wallMs, hasIdentity: isOurs, ...what };
    for (const row of encodeLearnt(learnt(saving), readers)) {
      writer.note({ kind: "put", row: { ...row, untilWallMs } });
    }
  }
}
