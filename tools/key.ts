/**
 * `deno task key [name]`: makes a key for `REST_KEYS_FILE`. The key is printed
 * once and kept nowhere; what goes into the file is its hash.
 */
import { ENTRY_NAME, ENTRY_NAME_WANTED } from "../rest/config/setting_file.ts";

/** 256 bits: as many as the hash keeps. */
const KEY_BYTES = 32;

const DEFAULT_NAME = "a-name";

if (import.meta.main) {
  const [name = DEFAULT_NAME] = Deno.args;
  if (ENTRY_NAME.test(name)) {
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const key = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
    print(Deno.stdout, await keyText(name, key));
  } else {
    print(Deno.stderr, `Cannot make a key: want ${ENTRY_NAME_WANTED}\n`);
    Deno.exit(1);
  }
}

/** What is printed of a new key. */
async function keyText(name: string, key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  const sha256 = new Uint8Array(hash).toHex();
  return `The key, shown this once: give it to whom it is for.

  ${key}

Its entry for the list in REST_KEYS_FILE, to which rights may be added:

  ${JSON.stringify({ name, sha256 })}
`;
}

function print(to: typeof Deno.stdout, text: string): void {
  to.writeSync(new TextEncoder().encode(text));
}
