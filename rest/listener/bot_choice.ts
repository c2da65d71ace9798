import type { KeyRights } from "../domain/access.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Bot, BotRing } from "./bot_ring.ts";

/** The bots that a caller may speak for; the first one is the default. */
export function botsWithin(
  { all }: BotRing,
  rights: KeyRights | undefined,
): readonly Bot[] {
  const names = rights?.bots;
  if (names === undefined) return all;
  return names.flatMap((name) => all.find((bot) => bot.name === name) ?? []);
}

/** The bot that a caller speaks for; undefined where none is configured. Refuses a bot that it may not use. */
export function chooseBot(
  { all }: BotRing,
  mine: readonly Bot[],
  botId: string | null,
): Bot | undefined {
  const chosen = botId === null
    ? mine[0]
    : mine.find((bot) => bot.name === botId || bot.applicationId === botId);
  if (chosen === undefined && all.length > 0) throw foreignBot(mine);
  return chosen;
}

/** The refusal of another bot; it does not tell whether that bot exists. */
export function foreignBot(mine: readonly Bot[]): Refusal {
  return new Refusal(
    "forbidden",
    mine.length === 0
      ? "Cannot speak for a bot: this key may use none of those that are configured"
      : `Cannot speak for this bot: bot_id and tokens that this key may use are those of ${
        mine.map((bot) => bot.name).join(", ")
      }`,
  );
}
