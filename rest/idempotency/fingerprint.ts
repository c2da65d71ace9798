import { clientNameOf, keyNameOf } from "../domain/caller.ts";
import { headerOf } from "../domain/headers.ts";
import type { ProxyRequest } from "../domain/request.ts";

/** Names a sequence of bytes; different ones never meet in practice (SHA-256). */
export type Digest = (parts: readonly Uint8Array[]) => string;

const BOUNDARY =
  /^\s*multipart\/[^;]+;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;]+))/i;

const AUDIT_REASON = "x-audit-log-reason";

const encoder = new TextEncoder();

/** What every boundary counts as. */
const ANY_BOUNDARY = encoder.encode("boundary");

const NO_BODY: readonly Uint8Array[] = [new Uint8Array()];

/** Equal for requests that are the same to Discord: what a name stands for. A path can hold a token, and a print can be stored. */
export function contentPrintOf(request: ProxyRequest, digest: Digest): string {
  const text = `${targetTextOf(request)} ${bodyDigestOf(request, digest)}`;
  return digest([encoder.encode(text)]);
}

/** Equal for writes of which one may be the other's second try. */
export function writePrintOf(request: ProxyRequest, digest: Digest): string {
  const text = `${writeTextOf(request)} ${bodyDigestOf(request, digest)}`;
  return digest([encoder.encode(text)]);
}

/** Whether `writePrintOf` is the same for both, at the cost of a digest for multipart bodies alone. */
export function isSameWrite(
  one: ProxyRequest,
  other: ProxyRequest,
  digest: Digest,
): boolean {
  return isSameBody(one, other, digest) &&
    writeTextOf(one) === writeTextOf(other);
}

/** Equal for reads that get the same answer. */
export function readPrintOf(
  { identity, target, headers }: ProxyRequest,
): string {
  const { version, path, query } = target;
  return JSON.stringify([identity.id, version, path, query, headers]);
}

/**
 * All that matters of a write but its body. The key, and the client where it
 * names itself: a bot that was restarted comes back under the same ones, not
 * always from the same address.
 */
function writeTextOf(request: ProxyRequest): string {
  const { caller, headers } = request;
  return JSON.stringify([
    keyNameOf(caller),
    clientNameOf(caller),
    headerOf(headers, AUDIT_REASON),
    targetTextOf(request),
  ]);
}

function targetTextOf({ method, target, identity }: ProxyRequest): string {
  const { version, path, query } = target;
  return `${identity.id} ${method} ${version} ${path}${query}`;
}

/** Of thousands that wait in one channel nearly all differ here. */
function isSameBody(
  one: ProxyRequest,
  other: ProxyRequest,
  digest: Digest,
): boolean {
  if (boundaryOf(one) !== undefined || boundaryOf(other) !== undefined) {
    return bodyDigestOf(one, digest) === bodyDigestOf(other, digest);
  }
  const { byteLength = -1 } = one.body ?? {};
  return byteLength === (other.body?.byteLength ?? -1) &&
    (one.body === undefined || isAt(one.body, other.body ?? one.body, 0));
}

/** Equal for equal bodies; of multipart bodies the boundary does not count, since libraries draw a new one each time. */
function bodyDigestOf(request: ProxyRequest, digest: Digest): string {
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
