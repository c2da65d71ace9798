import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
} from "./deps.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const UTF8 = new TextEncoder();

const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

const MAY_BE_EXPORTED = false;
const USES: [boolean, KeyUsage[]] = [MAY_BE_EXPORTED, ["encrypt", "decrypt"]];

/** Separates our keys from those that others derive from the same secret. */
const PURPOSE = "sluice journal rows";

/**
 * Above this the work is done on another thread: `node:crypto` takes 20 ns for a
 * byte, so 25 MiB blocked the event loop for 500 ms (Deno 2.9.6, 2026-12).
 */
const ON_THIS_THREAD_BYTES_MAX = 32 * 1024;

/** What was encrypted with another key, or was changed since, or is put into another place. */
export class NotOurs extends Error {
  override readonly name = "NotOurs";
}

/** A key that one process used, derived from the operator's. */
interface ProcessKey {
  readonly bytes: Bytes;
  readonly forThread: Promise<CryptoKey>;
}

/**
 * AES-256-GCM over parts of rows. Each process has a key of its own, derived by
 * HKDF (RFC 5869) with a random salt, and counts its nonces, so that none is
 * used twice however much is written. What is sealed: salt, nonce, text, tag.
 */
export class RowCipher {
  readonly #secret: Bytes;
  readonly #salt: Bytes;
  readonly #own: ProcessKey;
  /** Keys of earlier processes whose rows are still there, by their salts. */
  readonly #others = new Map<string, ProcessKey>();
  /** The one that was used last of them. */
  #last: { readonly salt: Bytes; readonly key: ProcessKey } | undefined;
  #sealed = 0n;

  /** `secret`: 32 bytes. */
  constructor(secret: Bytes) {
    this.#secret = secret;
    this.#salt = new Uint8Array(randomBytes(SALT_BYTES));
    this.#own = this.#derive(this.#salt);
  }

  /** Encrypts; what it belongs to has to be told again to decrypt it. */
  seal(plain: Bytes, place: string): Bytes | Promise<Bytes> {
    return plain.length > ON_THIS_THREAD_BYTES_MAX
      ? this.#sealOnThread(plain, place)
      : this.sealNow(plain, place);
  }

  /** The same at once, for what is short. */
  sealNow(plain: Bytes, place: string): Bytes {
    const iv = this.#nextIv();
    const cipher = createCipheriv("aes-256-gcm", this.#own.bytes, iv);
    cipher.setAAD(UTF8.encode(place));
    const text = cipher.update(plain);
    cipher.final();
    return joined([this.#salt, iv, text, cipher.getAuthTag()]);
  }

  async #sealOnThread(plain: Bytes, place: string): Promise<Bytes> {
    const iv = this.#nextIv();
    const key = await this.#own.forThread;
    const text = await crypto.subtle.encrypt(gcm(iv, place), key, plain);
    return joined([this.#salt, iv, new Uint8Array(text)]);
  }

  /** Decrypts; throws and rejects with `NotOurs` where that cannot be. */
  open(sealed: Bytes, place: string): Bytes | Promise<Bytes> {
    return sealed.length > ON_THIS_THREAD_BYTES_MAX
      ? this.#openOnThread(sealed, place)
      : this.openNow(sealed, place);
  }

  /** The same at once, for what is short. */
  openNow(sealed: Bytes, place: string): Bytes {
    const { key, iv, text } = this.#partsOf(sealed);
    try {
      const cipher = createDecipheriv("aes-256-gcm", key.bytes, iv);
      cipher.setAAD(UTF8.encode(place));
      cipher.setAuthTag(text.subarray(-TAG_BYTES));
      const plain = cipher.update(text.subarray(0, -TAG_BYTES));
      cipher.final();
      return new Uint8Array(plain);
    } catch {
      throw new NotOurs();
    }
  }

  async #openOnThread(sealed: Bytes, place: string): Promise<Bytes> {
    const { key, iv, text } = this.#partsOf(sealed);
    const forThread = await key.forThread;
    return await crypto.subtle.decrypt(gcm(iv, place), forThread, text).then(
      (plain) => new Uint8Array(plain),
      () => {
        throw new NotOurs();
      },
    );
  }

  #partsOf(sealed: Bytes): { key: ProcessKey; iv: Bytes; text: Bytes } {
    const textAt = SALT_BYTES + IV_BYTES;
    if (sealed.length < textAt + TAG_BYTES) throw new NotOurs();
    const key = this.#keyOf(sealed.subarray(0, SALT_BYTES));
    const iv = sealed.subarray(SALT_BYTES, textAt);
    return { key, iv, text: sealed.subarray(textAt) };
  }

  /** Most rows are of the same process as the one before. */
  #keyOf(salt: Bytes): ProcessKey {
    if (this.#last !== undefined && isEqual(salt, this.#last.salt)) {
      return this.#last.key;
    }
    const name = salt.toHex();
    let key = this.#others.get(name);
    if (key === undefined) this.#others.set(name, key = this.#derive(salt));
    this.#last = { salt: salt.slice(), key };
    return key;
  }

  #derive(salt: Bytes): ProcessKey {
    const derived = hkdfSync("sha256", this.#secret, salt, PURPOSE, KEY_BYTES);
    const bytes = new Uint8Array(derived);
    const forThread = crypto.subtle.importKey("raw", bytes, "AES-GCM", ...USES);
    return { bytes, forThread };
  }

  #nextIv(): Bytes {
    const iv = new Uint8Array(IV_BYTES);
    new DataView(iv.buffer).setBigUint64(IV_BYTES - 8, ++this.#sealed);
    return iv;
  }
}

function isEqual(one: Bytes, other: Bytes): boolean {
  for (let at = 0; at < SALT_BYTES; at++) {
    if (one[at] !== other[at]) return false;
  }
  return true;
}

function gcm(iv: Bytes, place: string): AesGcmParams {
  return {
    name: "AES-GCM",
    iv,
    additionalData: UTF8.encode(place),
  };
}

function joined(parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(
    parts.reduce((length, part) => length + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
