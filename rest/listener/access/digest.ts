import { createHash, timingSafeEqual } from "../../../deps.ts";

/** SHA-256: equally long for every secret, so a comparison tells neither content nor length. */
export type Digest = Uint8Array;

/** The digest of a text. */
export function digestOf(text: string): Digest {
  return createHash("sha256").update(text).digest();
}

/** The digest as it is written down in a file of keys. */
export function hexDigestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Reads a digest from a file of keys; throws when the text is not hexadecimal. */
export function digestFromHex(hex: string): Digest {
  return Uint8Array.fromHex(hex);
}

/** Whether two digests are equal, in a time that does not depend on where they differ. */
export function isSameDigest(one: Digest, other: Digest): boolean {
  return timingSafeEqual(one, other);
}

/** 64 bits: two tokens that meet by chance would need billions of callers. */
const NAME_HEX_DIGITS = 16;

/** A short name for a secret that does not tell it. */
export function hashNameOf(text: string): string {
  return hexDigestOf(text).slice(0, NAME_HEX_DIGITS);
}

/** Names contents by their SHA-256, in base64url: different ones never meet in practice. */
export function sha256Of(
  parts: ReadonlyArray<string | Uint8Array>,
): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64url");
}
