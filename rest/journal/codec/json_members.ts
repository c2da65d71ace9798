const QUOTE = 0x22;
const COLON = 0x3a;
const BLANK = 0x20;

/** Larger bodies are files with little JSON beside them. */
const READ_BYTES_MAX = 65_536;

/** The names of members as they stand in JSON, to look for. */
export function memberBytes(...names: string[]): readonly Uint8Array[] {
  return names.map((name) => new TextEncoder().encode(`"${name}"`));
}

/**
 * Where the value of the first of these members begins, at whatever depth;
 * -1 where there is none. Cheap enough for every body, since nothing is parsed.
 */
export function valueAt(
  body: Uint8Array | undefined,
  members: readonly Uint8Array[],
): number {
  if (body === undefined || body.byteLength > READ_BYTES_MAX) return -1;
  for (
    let at = body.indexOf(QUOTE);
    at >= 0;
    at = body.indexOf(QUOTE, at + 1)
  ) {
    const member = members.find((name) => isAt(body, name, at));
    if (member === undefined) continue;
    const colonAt = afterBlanks(body, at + member.byteLength);
    if (body[colonAt] === COLON) return afterBlanks(body, colonAt + 1);
  }
  return -1;
}

function isAt(
  body: Uint8Array,
  bytes: Uint8Array,
  from: number,
): boolean {
  return bytes.every((byte, offset) => body[from + offset] === byte);
}

function afterBlanks(body: Uint8Array, from: number): number {
  let at = from;
  while ((body[at] ?? 0) <= BLANK && at < body.byteLength) at++;
  return at;
}
