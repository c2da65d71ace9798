/** What happens here when scopes come and go. */
export interface ScopeKeeper {
  /** Takes over what is there of it. Nothing is sent for it before `letSend`, and nobody is served before this settles. */
  gained(scope: string, epoch: number, letSend: () => void): Promise<void>;
  /** Drops it at once: another proxy may have it already. */
  lost(scope: string): void;
  /** Sends nothing more for it; settles when nothing is under way any more. */
  handOver(scope: string): Promise<void>;
}

/** Before the start nothing is gained. */
export const NO_KEEPER: ScopeKeeper = {
  gained: () => Promise.resolve(),
  lost: () => {},
  handOver: () => Promise.resolve(),
};

/** How far the reading of what was there of a scope has got. */
interface Reading {
  maySend: boolean;
}

/** Scopes that are ours, and whose rows are being read: first what waits is sent, and then callers are served. */
export class TakingOver {
  readonly #reading = new Map<string, Reading>();

  has(scope: string): boolean {
    return this.#reading.has(scope);
  }

  maySend(scope: string): boolean {
    return this.#reading.get(scope)?.maySend !== false;
  }

  /** Settles with whether it is ready to serve callers; false: it was lost meanwhile, and perhaps gained anew. */
  async read(
    scope: string,
    read: (letSend: () => void) => Promise<void>,
  ): Promise<boolean> {
    const reading = { maySend: false };
    this.#reading.set(scope, reading);
    await read(() => {
      reading.maySend = true;
    });
    if (this.#reading.get(scope) !== reading) return false;
    this.#reading.delete(scope);
    return true;
  }

  lost(scope: string): void {
    this.#reading.delete(scope);
  }
}
