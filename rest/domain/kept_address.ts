/**
 * An address that a key came from, as it is kept beyond the process or told to
 * another proxy. Neither the key nor anything that it could be guessed by is in it.
 */
export interface KeptAddress {
  readonly address: string;
  /** What was shown there: a key, or a configured bot's token. */
  readonly kind: "key" | "bot";
  /** The key's name, or the bot's. */
  readonly name: string;
  /** When it was last shown, or made use of, in ms since 1970. */
  readonly usedAtWallMs: number;
  /** Only who has that key or token, and a secret of the proxy's besides, could make it, and for this address and moment alone. */
  readonly mark: string;
}

/** Keeps known addresses beyond the process. */
export interface AddressBook {
  /** It became known, or was made use of: told about once a minute of each. */
  keep(kept: KeptAddress): void;
  /** It made room for a newer one. */
  forget(address: string): void;
}

/** The known addresses, as whoever keeps them has to know them. */
export interface AddressPort {
  /** Goes on with those that another process or proxy knew, as far as what was shown there is still valid. */
  take(kept: readonly KeptAddress[]): void;
  /** Tells `book` of every change from now on. */
  keepIn(book: AddressBook): void;
}

/** How long an address stays known: many bots show their key only when they log in, and may have nothing to say for days. */
export const KNOWN_MS = 30 * 86_400_000;

/** As many hosts as a large private network has, at some 200 bytes each. */
export const ADDRESSES_MAX = 10_000;
