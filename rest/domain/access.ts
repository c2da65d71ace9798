import type { Urgency } from "./urgency.ts";
import type { RoutePattern } from "./route_pattern.ts";
import type { WaitRule } from "./wait_rule.ts";
import type { Secret } from "./secret.ts";

/** What a key may do. */
export interface KeyRights {
  /** Names of the bots that it may use, the default first; undefined: all. */
  readonly bots: readonly string[] | undefined;
  readonly isReadOnly: boolean;
  /** Undefined: every route. */
  readonly routes: readonly RoutePattern[] | undefined;
  /** The highest urgency of its requests; 0 is no bound. */
  readonly urgency: Urgency;
  /** Requests a second; undefined: no bound of its own. */
  readonly rate: number | undefined;
  /** Requests without an answer; undefined: no bound of its own. */
  readonly concurrency: number | undefined;
  /** See figures, the page and what others have waiting, and act on the queue. */
  readonly isAdmin: boolean;
  /** How its requests wait, before the rules for all. */
  readonly rules: readonly WaitRule[];
}

/** What the key of `REST_AUTHORIZATION` may do. */
export const ALL_RIGHTS: KeyRights = {
  bots: undefined,
  isReadOnly: false,
  routes: undefined,
  urgency: 0,
  rate: undefined,
  concurrency: undefined,
  isAdmin: true,
  rules: [],
};

/**
 * Who needs no key on paths that carry a webhook or interaction token: who
 * calls from an address that has sent a key and was not silent for 30 days
 * since, everybody, nobody.
 */
export type OpenTokenRoutes = "known" | "true" | "false";

/** A key as it is configured: by its hash, so that the proxy learns it only when a caller sends it. */
export interface KeyEntry {
  /** Safe to log. */
  readonly name: string;
  /** SHA-256 of the key, 64 digits of lower-case hex. */
  readonly sha256: string;
  readonly rights: KeyRights;
}

/** A bot as it is configured. */
export interface BotEntry {
  /** Safe to log. */
  readonly name: string;
  readonly token: Secret;
}

/** All keys and bots of the configuration. */
export interface Access {
  readonly keys: readonly KeyEntry[];
  /** The first one is the default. */
  readonly bots: readonly BotEntry[];
  /** How requests of all callers wait; none when left out. */
  readonly rules?: readonly WaitRule[];
}
