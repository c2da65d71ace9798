import type { BotEntry } from "../domain/access.ts";
import { applicationIdOf } from "../domain/application_id.ts";
import { Secret } from "../domain/secret.ts";
import { discordTokenIn, TOKEN_WANTED } from "./discord_token.ts";
import {
  ENTRY_NAME,
  ENTRY_NAME_WANTED,
  isObject,
  jsonIn,
  type SettingFile,
} from "./setting_file.ts";

/** What the bot of `DISCORD_TOKEN` is called. */
export const MAIN_BOT = "main";

/** Each has queues, limits and connections of its own; one process does not carry more. */
const BOTS_MAX = 100;

/** All bots there are, that of `DISCORD_TOKEN` first. */
export function readBots(
  discordToken: Secret | undefined,
  file: SettingFile | undefined,
  problems: string[],
): BotEntry[] {
  const bots: BotEntry[] = discordToken === undefined
    ? []
    : [{ name: MAIN_BOT, token: discordToken }];
  if (file === undefined) return bots;
  const before = problems.length;
  const value = jsonIn(file, problems);
  if (problems.length > before) return bots;
  const { setting } = file;
  if (!isObject(value)) {
    problems.push(`${setting}: want a JSON object of names and tokens`);
    return bots;
  }
  const entries = Object.entries(value);
  if (entries.length > BOTS_MAX) {
    problems.push(
      `${setting} has ${entries.length} bots: want at most ${BOTS_MAX}`,
    );
    return bots;
  }
  for (const [at, [name, token]] of entries.entries()) {
    const bot = readBot(name, token, bots);
    if (typeof bot !== "string") bots.push(bot);
    else problems.push(`${setting}: ${labelOf(name, at)} ${bot}`);
  }
  return bots;
}

/** The bot, or what is wrong with it. */
function readBot(
  name: string,
  given: unknown,
  others: readonly BotEntry[],
): BotEntry | string {
  // Digits alone would pass for an application id where a caller chooses a bot.
  if (!ENTRY_NAME.test(name) || /^[0-9]+$/.test(name)) {
    return `has a bad name: want ${ENTRY_NAME_WANTED}, not digits alone`;
  }
  if (others.some((other) => other.name === name)) {
    return "has the name of the bot of DISCORD_TOKEN: want another one";
  }
  const token = typeof given === "string" ? discordTokenIn(given) : undefined;
  if (token === undefined) {
    return `has a bad token: want ${TOKEN_WANTED}`;
  }
  const id = applicationIdOf(token);
  const same = others.find((other) =>
    applicationIdOf(other.token.reveal()) === id
  );
  if (same !== undefined) {
    return `is the same bot as "${same.name}": want it once`;
  }
  return { name, token: new Secret(token) };
}

/** A bad name may be a token that was put in the wrong place. */
function labelOf(name: string, at: number): string {
  return ENTRY_NAME.test(name) ? `bot "${name}"` : `bot ${at + 1}`;
}
