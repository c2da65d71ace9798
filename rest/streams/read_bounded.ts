import { GrowingBytes } from "../collections/growing_bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The result of reading a stream up to a bound. */
export type BoundedRead =
  | { readonly kind: "whole"; readonly bytes: Bytes }
  /** It is larger than the bound: the part that was read and the rest, as one stream. */
  | { readonly kind: "large"; readonly stream: ReadableStream<Bytes> }
  | { readonly kind: "broken" };

/** Reads a stream to its end if it has at most `bytesMax`; never rejects. */
export async function readBounded(
  source: ReadableStream<Bytes>,
  bytesMax: number,
): Promise<BoundedRead> {
  const reader = source.getReader();
  const gathered = new GrowingBytes(0);
  try {
    const isWhole = await readInto(gathered, reader, bytesMax);
    const bytes = gathered.take();
    if (isWhole) return { kind: "whole", bytes };
    return { kind: "large", stream: resume(bytes, reader) };
  } catch {
    return { kind: "broken" };
  }
}

/**
 * Reads until the stream ends (true) or `gathered` has more than `bytesMax`
 * (false). `onBytes` is called with the size of each chunk.
 */
async function readInto(
  gathered: GrowingBytes,
  reader: ReadableStreamDefaultReader<Bytes>,
  bytesMax: number,
  onBytes?: (bytes: number) => void,
): Promise<boolean> {
  while (gathered.length <= bytesMax) {
    const { done, value } = await reader.read();
    if (done) return true;
    gathered.add(value);
    onBytes?.(value.length);
  }
  return false;
}

function resume(
  read: Bytes,
  reader: ReadableStreamDefaultReader<Bytes>,
): ReadableStream<Bytes> {
  let first: Bytes | undefined = read;
  return new ReadableStream<Bytes>({
    async pull(controller) {
      if (first !== undefined) {
        controller.enqueue(first);
        first = undefined;
        return;
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
