import type { LearntState, Saving } from "../domain/learnt_state.ts";
import type { Clock } from "../domain/ports.ts";
import { encodeApart, encodeLearnt } from "./codec/learnt_codec.ts";
import type { JournalWriter } from "./writer.ts";

/** What is written down, and where. */
export interface LearntSaverDeps {
  readonly clock: Clock;
  readonly writer: JournalWriter;
  readonly learnt: (saving: Saving) => LearntState;
  /** Runs an action after this turn of the event loop. */
  readonly afterTurn: (action: () => void) => void;
  /** Set where identities come and go one by one. */
  readonly apart?: Apart | undefined;
}

/** What it takes to write identities down one by one. */
export interface Apart {
  /** A calendar that whoever goes on has as well. */
  readonly wallMs: () => number;
  /** Whether requests of it are sent here. */
  readonly isOurs: (identityId: string) => boolean;
}

type IsMeant = Apart["isOurs"];

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
  #leavingSaved: Promise<void> | undefined;

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
   * The last time for some identities, which another proxy goes on with: once
   * for all that are handed over in one turn, since a large bot's take some
   * milliseconds. Settles when it is noted.
   */
  saveLast(isMeant: IsMeant): Promise<void> {
    this.#leaving.push(isMeant);
    return this.#leavingSaved ??= new Promise((resolve) =>
      this.#deps.afterTurn(() => {
        const leaving = this.#leaving;
        this.#leaving = [];
        this.#leavingSaved = undefined;
        const isLeaving = (id: string) => leaving.some((has) => has(id));
        this.#save({ isFinal: true }, isLeaving);
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

  #save(
    { isFinal }: { readonly isFinal: boolean },
    isMeant: IsMeant | undefined = this.#deps.apart?.isOurs,
  ): void {
    const { clock, writer, learnt, apart } = this.#deps;
    const wallMs = apart?.wallMs() ?? clock.wallMs();
    const untilWallMs = clock.wallMs() + KEPT_MS;
    const known = learnt({ nowMs: clock.nowMs(), wallMs, isFinal });
    const rows = apart === undefined || isMeant === undefined
      ? encodeLearnt(known)
      : encodeApart(known, isMeant);
    for (const row of rows) {
      writer.note({ kind: "put", row: { ...row, untilWallMs } });
    }
  }
}
