import { applicationIdOf } from "../../domain/application_id.ts";
import type { Identity } from "../../domain/identity.ts";
import { Secret } from "../../domain/secret.ts";
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

/** Splits an `Authorization` value; undefined where its scheme is none of Discord's. */
export function credentialsOf(authorization: string): Credentials | undefined {
  const parts = SCHEME.exec(authorization);
  if (parts?.[1] === undefined || parts[2] === undefined) return undefined;
  return {
    scheme: parts[1].toLowerCase() as Credentials["scheme"],
    token: parts[2],
  };
}

/** The identity of a configured bot's token. */
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
 * The identity of a token that a caller brought; it is sent as it is spelt.
 *
 * It is not named by the bot's id alone: anybody can write another bot's id into
 * an invalid token, and Discord's refusal of that must not block the other bot.
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
