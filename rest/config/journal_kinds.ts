import { Secret } from "../domain/secret.ts";
import { hide, type Kind } from "./kinds.ts";

/** AES-256 takes a key of so many bytes. */
const KEY_BYTES = 32;

const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;

/** 32 random bytes, in either spelling that tools give them, or none. */
export const JOURNAL_KEY: Kind<Secret | undefined> = {
  wanted:
    "32 bytes as 64 hex digits or in base64; make some with: openssl rand -hex 32",
  values: "64 hex digits, or base64",
  parse: (text) =>
    HEX.test(text) || BASE64.test(text) ? new Secret(text) : undefined,
  show: hide,
};

/** The bytes of a key that `JOURNAL_KEY` took. */
export function journalKeyBytes(key: Secret): Uint8Array<ArrayBuffer> {
  const text = key.reveal();
  const bytes = HEX.test(text)
    ? Uint8Array.fromHex(text)
    : Uint8Array.fromBase64(text);
  return bytes.slice(0, KEY_BYTES);
}
