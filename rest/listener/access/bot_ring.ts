import type { BotEntry, KeyRights } from "../../domain/access.ts";
import { applicationIdOf } from "../../domain/application_id.ts";
import type { Identity } from "../../domain/identity.ts";
import { Refusal } from "../../domain/refusal.ts";
import { type Digest, digestOf, isSameDigest } from "./digest.ts";
import {
  broughtIdentity,
  credentialsOf,
  ownBotIdentity,
} from "./credentials.ts";
import { ProvenSecrets } from "./proven_secrets.ts";

/** A bot whose token the proxy was configured with. */
export interface Bot {
  /** Its name in the configuration; safe to log. */
  readonly name: string;
  readonly applicationId: string | undefined;
  readonly identity: Identity;
}

/** The bots whose tokens the proxy was configured with. */
export interface BotRing {
  /** In the order of their configuration; the first one is the default. */
  readonly all: readonly Bot[];
  /** How often the bots have been replaced. */
  readonly generation: number;
  /** The configured bot with this token (without `Bot `), or undefined. */
  botOf(token: string): Bot | undefined;
  /** Replaces all bots, and returns the identities of those that have a new token. */
  replace(entries: readonly BotEntry[]): readonly Identity[];
}

/** Creates the ring of the configured bots. */
export function createBotRing(entries: readonly BotEntry[]): BotRing {
  let held = entries.map(withDigest);
  let all = held.map(({ bot }) => bot);
  let proven = new ProvenSecrets<Bot>();
  let generation = 0;

  function prove(presented: string): Bot | undefined {
    const digest = digestOf(presented);
    let found: Bot | undefined;
    // Always compare all of them: stopping early would tell which token came close.
    for (const entry of held) {
      if (isSameDigest(digest, entry.digest)) found = entry.bot;
    }
    if (found !== undefined) proven.add(presented, found);
    return found;
  }

  return {
    get all() {
      return all;
    },
    get generation() {
      return generation;
    },
    botOf: (presented) => proven.find(presented) ?? prove(presented),
    replace(entries) {
      const before = held;
      held = entries.map(withDigest);
      all = held.map(({ bot }) => bot);
      proven = new ProvenSecrets();
      generation++;
      return held.filter((bot) => before.some((old) => isRenewed(old, bot)))
        .map(({ bot }) => bot.identity);
    },
  };
}

interface BotWithDigest {
  readonly bot: Bot;
  readonly digest: Digest;
}

/** Whether it is the same bot, by its application, with another token. */
function isRenewed(old: BotWithDigest, now: BotWithDigest): boolean {
  return old.bot.identity.id === now.bot.identity.id &&
    !isSameDigest(old.digest, now.digest);
}

function withDigest({ name, token }: BotEntry): BotWithDigest {
  const plain = token.reveal();
  const identity = ownBotIdentity(token, name);
  return {
    bot: { name, applicationId: applicationIdOf(plain), identity },
    digest: digestOf(plain),
  };
}

/** The identity behind `Authorization`: a configured bot, or the token itself; undefined where it is no token. */
export function identityOf(
  authorization: string,
  bots: BotRing,
): Identity | undefined {
  const credentials = credentialsOf(authorization);
  if (credentials === undefined) return undefined;
  const own = credentials.scheme === "bot"
    ? bots.botOf(credentials.token)
    : undefined;
  return own?.identity ?? broughtIdentity(authorization, credentials);
}

/** The bots that a caller may speak for; the first one is the default. */
export function botsWithin(
  { all }: BotRing,
  rights: KeyRights | undefined,
): readonly Bot[] {
  const names = rights?.bots;
  if (names === undefined) return all;
  return names.flatMap((name) => all.find((bot) => bot.name === name) ?? []);
}

/** The bot that goes by a name or application id; null: the first. */
export function botNamed(
  mine: readonly Bot[],
  botId: string | null,
): Bot | undefined {
  return botId === null
    ? mine[0]
    : mine.find((bot) => bot.name === botId || bot.applicationId === botId);
}

/** The bot that a caller speaks for; undefined where none is configured. Refuses a bot that it may not use. */
export function chooseBot(
  { all }: BotRing,
  mine: readonly Bot[],
  botId: string | null,
): Bot | undefined {
  const chosen = botNamed(mine, botId);
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
