/** Three parts of base64url; the first one is the bot's id in base64. */
const TOKEN =
  /^(?:Bot +)?(([A-Za-z0-9_-]+)={0,2}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;
/** Ids have had 17 to 19 digits since 2015; one more on either side costs nothing. */
const ID = /^[0-9]{16,20}$/;

/** The bare token in what people paste, with or without `Bot ` in front; undefined when it cannot be one. */
export function discordTokenIn(text: string): string | undefined {
  const [, token, first] = TOKEN.exec(text) ?? [];
  return first !== undefined && isEncodedId(first) ? token : undefined;
}

function isEncodedId(part: string): boolean {
  try {
    return ID.test(atob(part.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return false; // Not base64.
  }
}
