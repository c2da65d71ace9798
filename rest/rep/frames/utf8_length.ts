/** Bytes of `text` in UTF-8, without making them. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // Each half of a pair is counted as two bytes: four for the character.
    bytes += code < 0x800 || isSurrogate(code) ? 1 : 2;
  }
  return bytes;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** Whether `text` takes more than `maxBytes`; short texts are not even walked. */
export function isLongerThan(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  // No UTF-16 unit takes more than three bytes.
  if (text.length * 3 <= maxBytes) return false;
  return utf8Length(text) > maxBytes;
}
