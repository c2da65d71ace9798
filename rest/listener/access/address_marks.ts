import { createHmac } from "../../../deps.ts";
import type { Identity } from "../../domain/identity.ts";
import type { KeptAddress } from "../../domain/kept_address.ts";
import type { Secret } from "../../domain/secret.ts";
import type { BotRing } from "./bot_ring.ts";
import type { Key, KeyRing } from "./key_ring.ts";

/** What a caller has shown: a key, or the token of a configured bot. */
export type Shown = Key | Identity;

/** What marks are made with. */
export interface AddressMarksDeps {
  readonly keys: Pick<KeyRing, "current" | "keyNamed">;
  readonly bots: Pick<BotRing, "all">;
  /** A secret of the operator's that lives as long as the keys; the first bot's token stands in for it. */
  readonly secret: Secret | undefined;
}

/**
 * Says what still opens an address, and marks what is kept of one. A mark is
 * made with the key or token that was shown, so that one that is gone after a
 * restart opens nothing. It is made with a secret besides that is not kept
 * where marks are: who reads one cannot tell a guessed key by it, and who can
 * write there makes no address known.
 */
export class AddressMarks {
  readonly #deps: AddressMarksDeps;

  constructor(deps: AddressMarksDeps) {
    this.#deps = deps;
  }

  /** Whether calls without a key may follow what was shown: not what was taken back, nor a key that could not make them itself. */
  isOpening(shown: Shown): boolean {
    const { keys, bots } = this.#deps;
    if (!isKey(shown)) {
      return bots.all.some(({ identity }) => isSameToken(identity, shown));
    }
    const rights = keys.current(shown)?.rights;
    return rights !== undefined && !rights.isReadOnly &&
      rights.routes === undefined;
  }

  /** Undefined: there is no secret to mark it with. */
  mark(
    address: string,
    shown: Shown,
    usedAtWallMs: number,
  ): KeptAddress | undefined {
    const said = isKey(shown)
      ? { kind: "key" as const, name: shown.name }
      : { kind: "bot" as const, name: shown.bot ?? shown.id };
    const unmarked = { address, ...said, usedAtWallMs };
    const mark = this.#markOf(unmarked, shown);
    return mark === undefined ? undefined : { ...unmarked, mark };
  }

  /** What was shown there; undefined: it is not valid any more, or somebody else has written this. */
  shownAt(kept: KeptAddress): Shown | undefined {
    const { keys, bots } = this.#deps;
    const shown = kept.kind === "key"
      ? keys.keyNamed(kept.name)
      : bots.all.find(({ name }) => name === kept.name)?.identity;
    // Told to nobody, so that its time tells nothing.
    const isSame = shown !== undefined &&
      this.#markOf(kept, shown) === kept.mark;
    return isSame ? shown : undefined;
  }

  #markOf(
    { address, kind, name, usedAtWallMs }: Omit<KeptAddress, "mark">,
    shown: Shown,
  ): string | undefined {
    const { secret, bots: { all: [first] } } = this.#deps;
    const key = isKey(shown)
      ? secret ?? first?.identity.authorization
      : shown.authorization;
    if (key === undefined) return undefined;
    const digest = isKey(shown) ? shown.sha256 : "";
    const words = [PURPOSE, address, kind, name, digest, String(usedAtWallMs)];
    return createHmac("sha256", key.reveal()).update(words.join("\0"))
      .digest("base64url");
  }
}

/** The same secret marks other things, too. */
const PURPOSE = "sluice known address";

function isKey(shown: Shown): shown is Key {
  return "sha256" in shown;
}

function isSameToken(one: Identity, other: Identity): boolean {
  return one.id === other.id &&
    one.authorization?.reveal() === other.authorization?.reveal();
}
