import { keyNameOf } from "../../domain/caller.ts";
import { headerOf } from "../../domain/headers.ts";
import type { ProxyRequest } from "../../domain/request.ts";

/** Names a sequence of bytes; different ones never meet in practice (SHA-256). */
export type Digest = (parts: readonly Uint8Array[]) => string;

const BOUNDARY =
  /^\s*multipart\/[^;]+;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;]+))/i;

const encoder = new TextEncoder();

/** What every boundary counts as. */
const ANY_BOUNDARY = encoder.encode("boundary");

const NO_BODY: readonly Uint8Array[] = [new Uint8Array()];

/**
 * Key name, identity, method and target in one text: cheap, and different for
 * nearly everything that is not a repetition. The key alone: a bot that was
 * restarted comes back under the same key, not always from the same place.
 */
export function addressOf(request: ProxyRequest): string {
  const { method, target, identity } = request;
  return `${
    keyNameOf(request.caller)
  } ${identity.id} ${method} ${target.version} ${target.path}${target.query}`;
}

/** Equal for equal bodies; of multipart bodies the boundary does not count, since libraries draw a new one each time. */
export function bodyDigestOf(request: ProxyRequest, digest: Digest): string {
  const { body } = request;
  if (body === undefined) return digest(NO_BODY);
  const boundary = boundaryOf(request);
  if (boundary === undefined) return digest([body]);
  return digest(withoutBoundary(body, encoder.encode(boundary)));
}

/** What its `Content-Type` says that the parts of a multipart body are divided by. */
export function boundaryOf({ headers }: ProxyRequest): string | undefined {
  const type = headerOf(headers, "content-type");
  const match = type === undefined ? null : BOUNDARY.exec(type);
  return match?.[1] ?? match?.[2];
}

function withoutBoundary(body: Uint8Array, boundary: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (;;) {
    const at = indexOfBytes(body, boundary, from);
    if (at < 0) break;
    parts.push(body.subarray(from, at), ANY_BOUNDARY);
    from = at + boundary.byteLength;
  }
  parts.push(body.subarray(from));
  return parts;
}

/**
 * Where `word` begins in `body`, from `from` on; -1 where it does not. Looks at
 * the byte under the word's end, and skips as far as that allows (Horspool): an
 * upload of 25 MiB is searched in a few milliseconds.
 */
export function indexOfBytes(
  body: Uint8Array,
  word: Uint8Array,
  from: number,
): number {
  const end = word.byteLength - 1;
  if (end < 0) return -1;
  const skips = new Uint16Array(256).fill(word.byteLength);
  for (let at = 0; at < end; at++) skips[word[at] ?? 0] = end - at;
  let at = from + end;
  while (at < body.byteLength) {
    const byte = body[at] ?? 0;
    if (byte === word[end] && isAt(body, word, at - end)) return at - end;
    at += skips[byte] ?? 1;
  }
  return -1;
}

function isAt(body: Uint8Array, word: Uint8Array, at: number): boolean {
  for (let offset = 0; offset < word.byteLength; offset++) {
    if (body[at + offset] !== word[offset]) return false;
  }
  return true;
}
