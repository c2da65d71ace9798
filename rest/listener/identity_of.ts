import { applicationIdOf } from "../domain/application_id.ts";
import type { Identity } from "../domain/identity.ts";
import { Secret } from "../domain/secret.ts";
import { hashNameOf } from "./digest.ts";

/**
 * What `Authorization` may say upstream: a scheme and one word after it. Two
 * headers of that name arrive joined by a comma, and the second may be the key.
 */
const SCHEME = /^(bot|bearer|basic) +([^\s,]+)$/is;

/** An `Authorization` value, taken apart. */
export interface Credentials {
  readonly scheme: "bot" | "bearer" | "basic";
  readonly token: string;
}

/** Takes an `Authorization` value apart; undefined where it has no scheme of Discord's. */
export function credentialsOf(authorization: string): Credentials | undefined {
  const parts = SCHEME.exec(authorization);
  if (parts?.[1] === undefined || parts[2] === undefined) return undefined;
  return {
    scheme: parts[1].toLowerCase() as Credentials["scheme"],
    token: parts[2],
  };
}

/** The identity of a token the proxy was configured with. */
export function ownBotIdentity(token: Secret, bot: string): Identity {
  const plain = token.reveal();
  return {
    id: `bot:${applicationIdOf(plain) ?? hashNameOf(plain)}`,
    kind: "bot",
    authorization: new Secret(`Bot ${plain}`),
    isOwn: true,
    bot,
  };
}

/**
 * The identity of a token that a caller brought, passed on as it is spelt.
 *
 * A bot's id alone would not do: anyone can write another bot's id into a
 * token that Discord refuses, and that refusal must not lock the other bot.
 */
export function broughtIdentity(
  authorization: string,
  { scheme, token }: Credentials,
): Identity {
  const hash = hashNameOf(token);
  const applicationId = scheme === "bot" ? applicationIdOf(token) : undefined;
  return {
    id: applicationId === undefined
      ? `${scheme}:${hash}`
      : `bot:${applicationId}:${hash}`,
    kind: scheme,
    authorization: new Secret(authorization),
    isOwn: false,
  };
}
