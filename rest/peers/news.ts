import type { Clock } from "../domain/ports.ts";

/** What somebody waits for who cannot know when it comes. */
export class News {
  #wake: (() => void) | undefined;

  /** Ends the wait, if anybody waits. */
  tell(): void {
    this.#wake?.();
  }

  /** Settles with the next news, or at a moment. One at a time. */
  async until(clock: Clock, atMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = clock.wakeAt(atMs, resolve);
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    callOff();
  }
}
