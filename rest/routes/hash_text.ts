/** Any two odd numbers with well-mixed bits; changing them changes nothing but the names. */
const SEED_A = 0x9e3779b1;
const SEED_B = 0x85ebca77;

/**
 * Names a text by 53 bits, so that a token can be told apart from others
 * without being kept.
 *
 * Not a cryptographic hash: a webhook token has some 400 bits of chance in it,
 * which 53 bits cannot give back. Among 100,000 texts the chance of any two
 * meeting is below one in a million.
 */
export function hashText(text: string): string {
  let a = SEED_A;
  let b = SEED_B;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ code, 0xc2b2ae35);
    b = (b << 15) | (b >>> 17);
  }
  // Each half is stirred with the other, or the last characters would hardly count.
  const low = stir(a ^ (b >>> 7) ^ text.length);
  const high = stir(b ^ low);
  return (high * 0x200000 + (low >>> 11)).toString(36);
}

function stir(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
