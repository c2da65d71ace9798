import { applicationIdOf } from "../domain/application_id.ts";

/** Three parts of base64url; the first one is the bot's id in base64. */
const TOKEN =
  /^(?:Bot +)?([A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;

/** What a token has to be, as error messages say it. */
export const TOKEN_WANTED =
  "a token as Discord's developer portal shows it, three parts joined by dots, of which the first is the bot's id in base64";

/** The bare token in what people paste, with or without `Bot ` in front; undefined when it cannot be one. */
export function discordTokenIn(text: string): string | undefined {
  const token = TOKEN.exec(text)?.[1];
  if (token === undefined) return undefined;
  return applicationIdOf(token) === undefined ? undefined : token;
}
