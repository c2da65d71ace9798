const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The length of the JSON, big-endian. */
const PREFIX_BYTES = 4;

/** JSON and the bytes behind it. */
export interface Framed {
  readonly head: unknown;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** Puts JSON before bytes, so that both are encrypted together. */
export function frameOf(
  head: unknown,
  body: Uint8Array<ArrayBuffer> | undefined,
): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(JSON.stringify(head));
  const bodyAt = PREFIX_BYTES + text.byteLength;
  const framed = new Uint8Array(bodyAt + (body?.byteLength ?? 0));
  new DataView(framed.buffer).setUint32(0, text.byteLength);
  framed.set(text, PREFIX_BYTES);
  if (body !== undefined) framed.set(body, bodyAt);
  return framed;
}

/** Takes JSON and bytes apart again; throws where the bytes are no frame. */
export function unframed(framed: Uint8Array<ArrayBuffer> | undefined): Framed {
  const length = framed?.byteLength ?? 0;
  if (framed === undefined || length < PREFIX_BYTES) throw damaged();
  const view = new DataView(framed.buffer, framed.byteOffset, length);
  const bodyAt = PREFIX_BYTES + view.getUint32(0);
  if (bodyAt > length) throw damaged();
  return {
    head: JSON.parse(decoder.decode(framed.subarray(PREFIX_BYTES, bodyAt))),
    body: framed.subarray(bodyAt),
  };
}

function damaged(): Error {
  return new Error("Cannot read a body of the journal: its bytes are damaged");
}
