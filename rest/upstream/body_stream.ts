type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Bytes that are read ahead of the caller, per answer. Most of Discord's large
 * answers (1000 members, 100 messages) fit in, so that a slow caller seldom
 * occupies a connection. With 256 connections this is 64 MiB at most.
 */
const AHEAD_BYTES_MAX = 256 * 1024;

/** The connection that a stream reads from. */
export interface BodySource {
  resume(): void;
  /** Nobody will read the rest. */
  abandon(): void;
}

/** A body that is streamed to a caller, who may read more slowly than Discord sends. */
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

  /** Adds a chunk; false if the source has to pause until `resume`. */
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
