import type { AuditReport } from "../../sim/auditor.ts";
import type { Lives } from "./bot_lives.ts";
import type { NotedReply } from "./reply_log.ts";
import {
  isSentBefore,
  placesOf,
  type Sender,
  sentAgainBehind,
} from "./sent_again.ts";

/** Everything a run left behind about one bot. */
export interface BotRecord extends Lives, Sender {
  readonly messages: number;
}

/** What a run left behind. */
export interface Evidence {
  readonly bots: readonly BotRecord[];
  /** The simulated Discord's, asked about every message that should exist. */
  readonly report: Pick<
    AuditReport,
    "lost" | "doubled" | "reordered" | "unexpected"
  >;
  /** Faults that the proxy's log reports. */
  readonly faults: readonly string[];
  /** How often the proxy was killed; each time every bot may have had one message under way. */
  readonly proxyKills?: number;
  /** A bot may have been done before it was killed. */
  readonly mayLive?: boolean;
}

/** What every bot sends. */
export function marksOf(
  bots: ReadonlyArray<Pick<BotRecord, "name" | "messages">>,
): string[] {
  return bots.flatMap(({ name, messages }) =>
    Array.from({ length: messages }, (_, index) => `${name} ${index + 1}`)
  );
}

/** Every broken promise, in words; empty when nothing was lost, doubled or out of order. */
export function problemsOf(
  { bots, report, faults, proxyKills = 0, mayLive = false }: Evidence,
): string[] {
  const { lost, doubled, reordered, unexpected } = report;
  const unknown = new Set(bots.flatMap((bot) => [...unknownOf(bot)]));
  // A channel's messages go one after the other.
  const most = proxyKills * bots.length;
  const refused = new Set(bots.flatMap((bot) => [...refusedOf(bot)]));
  const unmade = new Set(lost);
  const behind = sentAgainBehind(bots, reordered);
  const untold = lost
    .filter((mark) => !unknown.has(mark) && !refused.has(mark));
  return [
    ...tell("messages Discord never got, though nobody was told so", untold),
    ...unknown.size > most
      ? [`${unknown.size} messages nobody knows of, and ${most} under way`]
      : [],
    ...tell(
      "messages Discord got, though they were told as refused",
      [...refused].filter((mark) => !unmade.has(mark)),
    ),
    ...tell("messages Discord got twice", doubled),
    ...tell(
      "messages out of order",
      reordered.filter((mark) => !behind.has(mark)),
    ),
    ...tell("messages nobody meant to send", unexpected),
    ...mayLive
      ? []
      : bots.flatMap(({ name, kills }) =>
        kills > 0 ? [] : [`${name}: never killed`]
      ),
    ...bots.flatMap(problemsOfBot),
    ...causesIn(bots),
    ...tell("faults the proxy tells of", faults),
  ];
}

function problemsOfBot(bot: BotRecord): string[] {
  const { name, messages, replies, isDone, failures } = bot;
  const seen = new Set(replies.map(({ number }) => number));
  const missing = Array.from({ length: messages }, (_, index) => index + 1)
    .filter((number) => !seen.has(number));
  const wrong = replies.filter(isWrong);
  return [
    ...isDone ? [] : [`${name}: not done in time`],
    ...failures.map((said) => `${name}: ended by itself: ${said}`),
    ...tell(`${name}: messages without a reply`, missing),
    ...tell(`${name}: wrong replies`, wrong.map((it) => JSON.stringify(it))),
    ...tell(`${name}: replies that are another message's`, foreignTo(bot)),
  ];
}

/** What wrong replies say and how often, without their figures: that names the line of code. */
function causesIn(bots: readonly BotRecord[]): string[] {
  const said = bots.flatMap(({ replies }) => replies.filter(isWrong))
    .flatMap(({ said }) => said?.replaceAll(/\d+/g, "#") ?? []);
  return [...Map.groupBy(said, (text) => text)]
    .map(([text, all]) => `${all.length} wrong replies say: ${text}`);
}

/** The messages of a bot that was told that nobody knows of them. */
export function unknownOf(
  { name, replies }: Pick<BotRecord, "name" | "replies">,
): ReadonlySet<string> {
  return new Set(
    replies.filter(isUnknown).map(({ number }) => `${name} ${number}`),
  );
}

/** The messages of a bot that was told that they are not made. */
export function refusedOf(
  { name, replies }: Pick<BotRecord, "name" | "replies">,
): ReadonlySet<string> {
  return new Set(
    replies.filter(isWrong).map(({ number }) => `${name} ${number}`),
  );
}

function isWrong(reply: NotedReply): boolean {
  return (reply.status !== 200 || reply.id === null) && !isUnknown(reply);
}

function isUnknown({ status, code }: NotedReply): boolean {
  return status === 408 && code === "outcome_unknown";
}

/** Discord numbers messages as they come: a reply with an id out of order, or another than before, was given to the wrong request; but for a message that was sent again behind the next one. */
function foreignTo({ replies, frames = [] }: Sender): number[] {
  const places = placesOf(frames);
  const sorted = replies.toSorted((one, other) => one.number - other.number);
  return sorted.filter(({ number, id }, at) => {
    const before = sorted[at - 1];
    if (before === undefined || id === null || before.id === null) return false;
    return number === before.number
      ? id !== before.id
      : BigInt(id) <= BigInt(before.id) &&
        !isSentBefore(places, number, before.number);
  }).map(({ number }) => number);
}

/** More would hide the first ones. */
const TOLD_MAX = 5;

function tell(what: string, which: ReadonlyArray<string | number>): string[] {
  if (which.length === 0) return [];
  const some = which.slice(0, TOLD_MAX).join(", ");
  return [`${which.length} ${what}: ${some}`];
}
