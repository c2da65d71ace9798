/** Bytes gathered into one buffer; exact from the start where the size is known. */
export class GrowingBytes {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(expectedBytes);
  }

  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const room = Math.max(length, this.#bytes.length * 2);
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
