/** A step that waits for what it needs, or behind another. */
interface Step {
  readonly keys: readonly string[];
  /** Undefined until what it needs is there. */
  act: (() => void) | undefined;
}

/**
 * Keeps the steps that touch one row in the order in which they came, while
 * others overtake: a small request does not wait until an upload is written.
 */
export class RowOrder {
  #waiting: Step[] = [];
  #isHeld = false;

  /**
   * Takes a step: at once where nothing is in its way, otherwise when what it
   * needs is there and every earlier step for one of its rows is done. Settles
   * with what `act` returns, or as `needs` rejects, and then nothing is done.
   */
  take<Needs, Result>(
    keys: () => readonly string[],
    needs: Needs | Promise<Needs>,
    act: (needs: Needs) => Result,
  ): Promise<Awaited<Result>> {
    const { promise, resolve, reject } = Promise.withResolvers<
      Awaited<Result>
    >();
    const actOn = (given: Needs) => {
      try {
        resolve(act(given) as Awaited<Result>);
      } catch (error) {
        reject(error);
      }
    };
    if (needs instanceof Promise) {
      const step = this.#push(keys());
      needs.then((given) => this.#ready(step, () => actOn(given)), (error) => {
        this.#ready(step, () => reject(error));
      });
    } else if (!this.isFree) {
      this.#ready(this.#push(keys()), () => actOn(needs));
    } else actOn(needs);
    return promise;
  }

  /** A step that needs nothing would be done at once. */
  get isFree(): boolean {
    return this.#waiting.length === 0 && !this.#isHeld;
  }

  /** Nothing is done until `release()`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#run();
  }

  #push(keys: readonly string[]): Step {
    const step: Step = { keys, act: undefined };
    this.#waiting.push(step);
    return step;
  }

  #ready(step: Step, act: () => void): void {
    step.act = act;
    this.#run();
  }

  #run(): void {
    if (this.#isHeld) return;
    const blocked = new Set<string>();
    const due: (() => void)[] = [];
    this.#waiting = this.#waiting.filter(({ keys, act }) => {
      const isDue = act !== undefined && !keys.some((key) => blocked.has(key));
      if (isDue) due.push(act);
      else for (const key of keys) blocked.add(key);
      return !isDue;
    });
    for (const act of due) act();
  }
}
