/** As much as Node's own pool: what waits longest of a block keeps no more than this in memory. */
const BLOCK_BYTES = 8_192;

/** Larger ones have a buffer of their own, so that little of a block is left unused. */
const PACKED_BYTES_MAX = 1_024;

const encoder = new TextEncoder();

/**
 * Small sequences of bytes, side by side in blocks that they share. A buffer of
 * its own takes 500 bytes more than what is in it (seen 2026-12, Deno 2.9.6),
 * which is twice a usual message, and making it takes three times as long. Who
 * has one must not transfer its buffer.
 */
export class PackedBytes {
  #block = new Uint8Array();
  #used = 0;

  /** The UTF-8 of a text. */
  encode(text: string): Uint8Array<ArrayBuffer> {
    if (text.length > PACKED_BYTES_MAX) return encoder.encode(text);
    const rest = this.#block.subarray(this.#used);
    const { read, written } = encoder.encodeInto(text, rest);
    if (read === text.length) {
      this.#used += written;
      return rest.subarray(0, written);
    }
    this.#block = new Uint8Array(BLOCK_BYTES);
    this.#used = 0;
    return this.encode(text);
  }
}
