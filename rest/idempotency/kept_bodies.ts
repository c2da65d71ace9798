import type { WholeAnswer } from "../domain/answer.ts";

/** An object for each header beside its text. */
const HEADER_BYTES = 64;

/** Memory of an answer: some 3 KiB of Discord's headers, and its body. */
export function keptBytesOf({ headers, body }: WholeAnswer): number {
  let bytes = body?.byteLength ?? 0;
  for (const [name, value] of headers) {
    bytes += HEADER_BYTES + name.length + value.length;
  }
  return bytes;
}

/**
 * The bodies of kept answers of all policies, within one bound. The oldest are
 * given up first; the newest is not, since its caller has not had it yet; that
 * there was an answer never is.
 */
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
    while (this.#bytes > this.#maxBytes && this.#held.size > 1) {
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
