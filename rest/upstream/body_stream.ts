type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Bytes read ahead of the caller, per answer. Most of Discord's large answers
 * (1000 members, 100 messages) fit in, so a slow caller seldom keeps a
 * connection; 256 connections come to 64 MiB at worst.
 */
const AHEAD_BYTES_MAX = 256 * 1024;

/** The connection a stream drinks from. */
export interface BodySource {
  resume(): void;
  /** Nobody will read the rest. */
  abandon(): void;
}

/** A body on its way to a caller who may be slower than Discord. */
export class BodyStream {
  readonly readable: ReadableStream<Bytes>;
  #controller!: ReadableStreamDefaultController<Bytes>;

  constructor(source: BodySource) {
    this.readable = new ReadableStream<Bytes>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => source.resume(),
      cancel: () => source.abandon(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: AHEAD_BYTES_MAX }));
  }

  /** Takes a chunk; false: no more until the source is told to resume. */
  push(chunk: Bytes): boolean {
    this.#controller.enqueue(chunk);
    return (this.#controller.desiredSize ?? 0) > 0;
  }

  end(): void {
    this.#controller.close();
  }

  fail(error: Error): void {
    this.#controller.error(error);
  }
}
