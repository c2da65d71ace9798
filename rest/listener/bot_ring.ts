import type { Identity } from "../domain/identity.ts";
import type { Secret } from "../domain/secret.ts";
import { digestOf, isSameDigest } from "./digest.ts";
import { ownBotIdentity } from "./identity_of.ts";

/** The bots whose tokens the proxy was configured with. */
export interface BotRing {
  /** The bot of a caller that brings no token of its own; undefined where none is configured. */
  readonly main: Identity | undefined;
  /** The configured bot with this token (without `Bot `), or undefined. */
  botOf(token: string): Identity | undefined;
}

/** A ring of at most one bot: the one of `DISCORD_TOKEN`. */
export function createBotRing(token: Secret | undefined): BotRing {
  if (token === undefined) {
    return { main: undefined, botOf: () => undefined };
  }
  const main = ownBotIdentity(token);
  const digest = digestOf(token.reveal());
  return {
    main,
    botOf: (presented) =>
      isSameDigest(digestOf(presented), digest) ? main : undefined,
  };
}
