/** What Discord and Cloudflare hold against an address, and with it against every proxy behind it. */
export interface SharedHealth {
  /** Invalid requests within ten minutes. */
  readonly invalid: number;
  /** Nothing may be sent for so long; undefined: Cloudflare does not block. */
  readonly blockedForMs: number | undefined;
}

/** Where a proxy's own part of it is read, and that of the others told. */
export interface HealthPort {
  own(): SharedHealth;
  heard(others: SharedHealth): void;
}
