import type { RowOutcome } from "../../domain/journal_store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One for all: to make one for each of 100,000 rows takes as long as to use it. */
export const UTF8: TextEncoder = new TextEncoder();
/** Likewise. */
export const TEXT: TextDecoder = new TextDecoder();

/** Before the head: whether there is a body, and how long the head is. */
const START = 5;

/** An outcome as one sequence of bytes. */
export function joined({ head, body }: RowOutcome): Bytes {
  const text = UTF8.encode(head);
  const bytes = new Uint8Array(START + text.length + (body?.length ?? 0));
  bytes[0] = body === undefined ? 0 : 1;
  new DataView(bytes.buffer).setUint32(1, text.length);
  bytes.set(text, START);
  if (body !== undefined) bytes.set(body, START + text.length);
  return bytes;
}

/** The outcome that was `joined`. */
export function parted(bytes: Bytes): RowOutcome {
  const { buffer, byteOffset, byteLength } = bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  const bodyAt = START + view.getUint32(1);
  return {
    head: TEXT.decode(bytes.subarray(START, bodyAt)),
    body: bytes[0] === 1 ? bytes.slice(bodyAt) : undefined,
  };
}
