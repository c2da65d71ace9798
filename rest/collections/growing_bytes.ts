/** Bytes gathered into one buffer, with room for at most twice what came: an announcement alone takes no memory. */
export class GrowingBytes {
  readonly #expectedBytes: number;
  #bytes = new Uint8Array();
  #length = 0;

  /** `expectedBytes` come if nothing goes wrong; 0: nobody knows. */
  constructor(expectedBytes: number) {
    this.#expectedBytes = expectedBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** With the room that is not used yet. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const doubled = Math.max(length, this.#bytes.length * 2);
      const expected = this.#expectedBytes;
      const room = length > expected ? doubled : Math.min(doubled, expected);
      this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(room));
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** Hands the bytes out, with no unused room behind them. Nothing can be added after. */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#length === this.#bytes.length) return this.#bytes;
    return new Uint8Array(this.#bytes.buffer.transfer(this.#length));
  }
}
