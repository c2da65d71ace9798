import type { Identity } from "../../domain/identity.ts";
import type { RouteFacts } from "../../domain/route.ts";

/** The caller of an authenticated connection. */
export interface Principal {
  /** Names the key, and the token or bot it speaks for; sessions belong to it (B1). Not secret. */
  readonly owner: string;
  /** The identity of that token or bot. */
  readonly identityId: string;
  /** The caller's name for fairness and logs. */
  readonly callerName: string;
  /** The identity whose limits a request counts against; throws a `Refusal` if a needed token is missing. */
  identityFor(route: RouteFacts): Identity;
}

/** The credentials of an authentication request (A3). */
export interface Presented {
  readonly token: string;
  /** A Discord token of the caller's own. */
  readonly authorization: string | undefined;
  /** The client's name for itself, as in `X-Rest-Client`. */
  readonly client: string | undefined;
}
