import type { Secret } from "../domain/secret.ts";

/** Three parts of base64url; the first one is the bot's id in base64. */
const TOKEN =
  /^(?:Bot +)?(([A-Za-z0-9_-]+)={0,2}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;
/** Ids have had 17 to 19 digits since 2015; one more on either side costs nothing. */
const ID = /^[0-9]{16,20}$/;

/** Takes a token apart as people paste it, with or without `Bot ` in front; undefined when it cannot be one. */
export function parseDiscordToken(
  text: string,
): { readonly token: string; readonly applicationId: string } | undefined {
  const [, token, first] = TOKEN.exec(text) ?? [];
  if (token === undefined || first === undefined) return undefined;
  const applicationId = decodeId(first);
  return applicationId === undefined ? undefined : { token, applicationId };
}

/** The id a checked token begins with, which names the bot's limits. */
export function applicationIdOf(token: Secret): string | undefined {
  return parseDiscordToken(token.reveal())?.applicationId;
}

function decodeId(part: string): string | undefined {
  try {
    const id = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    return ID.test(id) ? id : undefined;
  } catch {
    return undefined; // Not base64.
  }
}
