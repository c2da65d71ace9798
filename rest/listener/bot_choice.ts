import type { KeyRights } from "../domain/access.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Bot, BotRing } from "./bot_ring.ts";

/** The bots a caller may speak for, the one that is meant where none is named in front. */
export function botsWithin(
  { all }: BotRing,
  rights: KeyRights | undefined,
): readonly Bot[] {
  const names = rights?.bots;
  if (names === undefined) return all;
  return names.flatMap((name) => all.find((bot) => bot.name === name) ?? []);
}

/** The bot a caller speaks for; undefined where none is configured. Refuses one it may not speak for. */
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

/** Whether there is another bot of that name is none of the caller's business. */
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
