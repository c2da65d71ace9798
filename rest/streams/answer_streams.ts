import type { Answer } from "../domain/answer.ts";

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
