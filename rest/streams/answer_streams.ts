import type { Answer } from "../domain/answer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Discards the body of an answer that nobody will read, which frees its connection. */
export function discardBody(answer: Answer): void {
  if (answer.body instanceof ReadableStream) discard(answer.body);
}

/** Cancels a stream. */
export function discard(stream: ReadableStream): void {
  stream.cancel().catch(() => {}); // It may be broken already.
}

/** The same stream; `onEnd` is called once when it ends, breaks or is cancelled. */
export function observeEnd(
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
