/**
 * `deno task key [name]`: makes a key for `REST_AUTHORIZATION` or for the list
 * in `REST_KEYS_FILE`. It is printed once and kept nowhere; what goes into the
 * list is its hash.
 */
import { ENTRY_NAME, ENTRY_NAME_WANTED } from "../rest/config/setting_file.ts";
import { taskWords } from "./task_words.ts";

/** 256 bits: as many as the hash keeps. */
const KEY_BYTES = 32;

const USAGE = `deno task key [name]

Makes a key and prints it once: for REST_AUTHORIZATION, or with its entry for
the list in REST_KEYS_FILE. Without a name the entry has one to be replaced.`;

const DEFAULT_NAME = "a-name";

if (import.meta.main) {
  const name = taskWords(USAGE, nameIn);
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const key = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const text = await keyText(name, key);
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function nameIn([name = DEFAULT_NAME, ...more]: readonly string[]): string {
  if (more.length > 0) {
    throw new Error(
      `Cannot make ${more.length + 1} keys at once: want one name, or none`,
    );
  }
  if (name.startsWith("-")) {
    throw new Error(
      `Cannot read ${
        JSON.stringify(name)
      }: there is only --help, and no name begins with a dash here`,
    );
  }
  if (!ENTRY_NAME.test(name)) {
    throw new Error(`Cannot make a key: want ${ENTRY_NAME_WANTED}`);
  }
  return name;
}

/** The text that is printed for a new key. */
async function keyText(name: string, key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  const sha256 = new Uint8Array(hash).toHex();
  return `The key, shown only this once. Set REST_AUTHORIZATION to it, or give it to the program that it is for:

  ${key}

For such a program, its entry for the list in REST_KEYS_FILE, to which rights may be added:

  ${JSON.stringify({ name, sha256 })}
`;
}
