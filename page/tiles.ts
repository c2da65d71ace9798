import type { Reading } from "../rest/metrics/types.ts";
import type { Element } from "./packages.d.ts";
import { html } from "./html.ts";
import { chosenBot, figures, points } from "./state.ts";
import { count, counted, duration } from "./words.ts";

interface Tile {
  readonly name: string;
  readonly value: string;
  readonly about: string;
  readonly tone?: "busy" | "bad";
  /** A bar of so much, from 0 to 1. */
  readonly share?: number;
}

/** From here on a bar warns. */
const BUSY_SHARE = 0.75;
/** Libraries give up after some 15 s. */
const LONG_WAIT_MS = 15_000;

/** The figures that answer most questions. */
export function Tiles(): Element | null {
  const now = figures.value;
  if (now === undefined) return null;
  const { reading, limitedByScope } = now;
  const tiles = [
    sentTile(),
    waitingTile(reading),
    globalTile(reading),
    limitedTile(limitedByScope),
    budgetTile(reading),
    stateTile(reading),
    ...proxiesTile(reading),
  ];
  return html`
    <section class="tiles" aria-label="Key figures">
      ${tiles.map((tile) => TileView(tile))}
    </section>
  `;
}

function TileView({ name, value, about, tone, share }: Tile): Element {
  return html`
    <div class=${`tile ${tone ?? ""}`}>
      <h2>${name}</h2>
      <p class="value">${value}</p>
      ${share === undefined ? null : html`
        <meter min="0" max="1" value=${Math.min(
          1,
          share,
        )} aria-label=${name}></meter>
      `}
      <p class="about">${about}</p>
    </div>
  `;
}

function sentTile(): Tile {
  const sent = points.value.flatMap((point) => point.sent ?? []);
  const last = sent.slice(-10);
  const rate = last.length === 0 ? 0 : sum(last) / last.length;
  const minute = sum(sent.slice(-60));
  return {
    name: "Sent",
    value: `${count(rate)}/s`,
    about: `${count(minute)} in the last minute`,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function waitingTile(reading: Reading): Tile {
  const { waiting, inFlight, oldestWaitMs } = reading;
  const oldest = waiting === 0 ? "" : `oldest ${duration(oldestWaitMs)}, `;
  return {
    name: "Waiting",
    value: count(waiting),
    about: `${oldest}${count(inFlight)} in flight`,
    ...oldestWaitMs > LONG_WAIT_MS && { tone: "busy" },
  };
}

function globalTile({ bots }: Reading): Tile {
  const known = bots.filter((bot) => bot.globalLimit !== undefined);
  const shares = known.map((bot) => ({
    bot,
    share: (bot.globalUsed ?? 0) / (bot.globalLimit ?? 1),
  }));
  const chosen = shares.find(({ bot }) => bot.bot === chosenBot.value);
  const most = chosen ??
    shares.toSorted((a, b) => b.share - a.share).at(0);
  if (most === undefined) {
    return { name: "Global limit", value: "–", about: "no bot has sent yet" };
  }
  const { bot, share } = most;
  return {
    name: "Global limit",
    value: `${bot.globalUsed}/${bot.globalLimit}`,
    about: `a second, bot ${bot.bot}`,
    share,
    ...share > BUSY_SHARE && { tone: "busy" },
  };
}

function limitedTile(byScope: Readonly<Record<string, number>>): Tile {
  const total = Object.values(byScope).reduce((sum, one) => sum + one, 0);
  const parts = Object.entries(byScope)
    .map(([scope, limited]) => `${scope} ${limited}`);
  return {
    name: "429s",
    value: count(total),
    about: parts.length === 0 ? "none since the start" : parts.join(", "),
    ...total > 0 && { tone: "busy" },
  };
}

function budgetTile({ invalid }: Reading): Tile {
  const share = invalid.count / invalid.ceiling;
  return {
    name: "Ban budget",
    value: `${count(invalid.count)}/${count(invalid.ceiling)}`,
    about: "invalid requests in ten minutes",
    share,
    ...share > BUSY_SHARE && { tone: "bad" },
  };
}

/** Only where there are several. */
function proxiesTile({ cluster }: Reading): Tile[] {
  if (cluster === undefined) return [];
  const { bots, peers, scopes, isStoreAway, door } = cluster;
  const own = bots.filter(({ owner }) => owner === "self").length;
  const isOwnerless = bots.some(({ owner }) => owner === "nobody");
  const isCut = isStoreAway ||
    peers.some(({ isAnswering }) => isAnswering === false);
  return [{
    name: "Sends for",
    value: `${own}/${bots.length}`,
    about: `${counted(bots.length, "bot")}, beside ` +
      `${counted(peers.length, "other proxy", "other proxies")}, ` +
      `${
        counted(door.waiting + door.handedOn, "request")
      } through this door, ` +
      // A door alone has no Redis.
      (scopes === 0
        ? "by REST_OWNER_URL"
        : isStoreAway
        ? "Redis does not answer"
        : "Redis answers"),
    ...isCut && { tone: "busy" },
    ...isOwnerless && { tone: "bad" },
  }];
}

function stateTile(reading: Reading): Tile {
  const { breaker, bots, rep, upstreamConnections, loopLagMs } = reading;
  const { journal } = reading;
  const isRejected = bots.some((bot) => bot.isTokenRejected);
  const isBad = breaker !== "closed" || isRejected ||
    journal?.isFailing === true;
  const value = breaker !== "closed"
    ? "blocked"
    : isRejected
    ? "token rejected"
    : "open";
  return {
    name: "Discord",
    value,
    about: `${counted(upstreamConnections, "connection")}, ` +
      `${counted(rep.connections, "REP client")}, ` +
      `${counted(rep.sessions, "session")}, ` +
      `${counted(rep.mailboxReplies, "reply", "replies")} to fetch, ` +
      (journal === undefined
        ? "no journal, "
        : `${counted(journal.rows, "row")} in the journal, `) +
      `lag ${duration(loopLagMs)}`,
    ...isBad && { tone: "bad" },
  };
}
