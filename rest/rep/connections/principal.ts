import type { Identity } from "../../domain/identity.ts";
import type { RouteFacts } from "../../domain/route.ts";

/** Who a connection speaks for once it has proved to know a key. */
export interface Principal {
  /** The key and the token brought besides it; sessions belong to this (B1). Not secret. */
  readonly owner: string;
  /** Who shares fairly with whom; safe to log. */
  readonly callerName: string;
  /** Whose limits a request spends; refuses what needs a token where there is none. */
  identityFor(route: RouteFacts): Identity;
}

/** What a client shows in the special request (A3). */
export interface Presented {
  readonly token: string;
  /** A token of the caller's own, passed upstream. */
  readonly authorization: string | undefined;
  /** What the client calls itself, as in `X-Rest-Client`. */
  readonly client: string | undefined;
}
