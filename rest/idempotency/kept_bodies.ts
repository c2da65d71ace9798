/** The bodies of kept answers of all policies, within one bound. The oldest are given up first; that there was an answer never is. */
export class KeptBodies {
  readonly #maxBytes: number;
  /** By whose they are, oldest first. */
  readonly #held = new Map<object, Held>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `giveUp` is called where the body has to make room; nothing is held after it. */
  hold(owner: object, bytes: number, giveUp: () => void): void {
    this.release(owner);
    if (bytes === 0) return;
    this.#held.set(owner, { bytes, giveUp });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) {
      const [oldest] = this.#held;
      if (oldest === undefined) return;
      const [whose, held] = oldest;
      this.release(whose);
      held.giveUp();
    }
  }

  /** Nothing happens where nothing is held. */
  release(owner: object): void {
    const held = this.#held.get(owner);
    if (held === undefined) return;
    this.#held.delete(owner);
    this.#bytes -= held.bytes;
  }
}

interface Held {
  readonly bytes: number;
  readonly giveUp: () => void;
}
