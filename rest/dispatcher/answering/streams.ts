import type { Answer } from "../../domain/answer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Lets go of an answer nobody will read, so that its connection is free again. */
export function discardBody(answer: Answer): void {
  if (answer.body instanceof ReadableStream) discard(answer.body);
}

/** Gives a stream up. */
export function discard(stream: ReadableStream): void {
  stream.cancel().catch(() => {}); // Broken already: gone is gone.
}

/** The same stream, telling once when it is through, cut or given up. */
export function watchStream(
  source: ReadableStream<Bytes>,
  onEnd: () => void,
): ReadableStream<Bytes> {
  const reader = source.getReader();
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    onEnd();
  };
  return new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        end();
      } catch (error) {
        controller.error(error);
        end();
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/** What came of reading a stream up to a bound. */
export type Collected =
  | { readonly kind: "whole"; readonly bytes: Bytes }
  /** More than the bound: what was read and the rest, as one stream again. */
  | { readonly kind: "large"; readonly stream: ReadableStream<Bytes> }
  | { readonly kind: "broken" };

/** Reads a stream whole if it is not larger than `bytesMax`. */
export async function collect(
  source: ReadableStream<Bytes>,
  bytesMax: number,
): Promise<Collected> {
  const reader = source.getReader();
  const chunks: Bytes[] = [];
  let size = 0;
  try {
    while (size <= bytesMax) {
      const { done, value } = await reader.read();
      if (done) return { kind: "whole", bytes: join(chunks, size) };
      chunks.push(value);
      size += value.byteLength;
    }
  } catch {
    return { kind: "broken" };
  }
  return { kind: "large", stream: resume(chunks, reader) };
}

function join(chunks: readonly Bytes[], size: number): Bytes {
  const only = chunks[0];
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

function resume(
  read: Bytes[],
  reader: ReadableStreamDefaultReader<Bytes>,
): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>({
    async pull(controller) {
      const chunk = read.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
