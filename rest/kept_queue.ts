import type { Settings } from "./config/settings.ts";
import type { TakeUp } from "./journal/going_on.ts";
import {
  JournalKeeper,
  type OpenJournal,
  type ScopeLease,
} from "./journal_keeper.ts";
import type { BotRing } from "./listener/access/bot_ring.ts";
import type { AddressPort } from "./domain/kept_address.ts";
import { drawFirstCounter } from "./domain/entry_id.ts";
import type { HandedOver } from "./domain/owners.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Journal } from "./domain/journal.ts";
import type { QueueView } from "./domain/ports.ts";
import { writePrintOf } from "./idempotency/fingerprint.ts";
import { sha256Of } from "./listener/access/digest.ts";
import { Restoration, type RestoringParts } from "./restoring.ts";
import { openQueue, type Queue, type QueueParts } from "./queue.ts";

/** What the queue and its journal are put together with. */
type KeptQueueParts =
  & Omit<QueueParts, "journal" | "epochOf" | "firstCounter">
  & {
    readonly journal?: OpenJournal | undefined;
    /** Hear everything that happens. */
    readonly observers: FactSink[];
  };

/** The queue, and behind it what keeps its requests beyond the end of the process. */
export function openKeptQueue(
  settings: Settings,
  parts: KeptQueueParts,
): {
  readonly keeper: JournalKeeper | undefined;
  readonly queue: Queue;
  readonly journal: Journal | undefined;
} {
  const { clock, facts, observers, journal: open } = parts;
  const keeper = open && new JournalKeeper({ open, settings, clock, facts });
  const queue = openQueue(settings, {
    ...parts,
    journal: keeper?.driver,
    epochOf: keeper?.epochOf.bind(keeper),
    firstCounter: open?.shared && drawFirstCounter(parts.random ?? Math.random),
  });
  observers.push(({ kind }) => kind === "leased" && keeper?.noteSend());
  return { keeper, queue, journal: keeper?.driver };
}

/** Shows callers which of their requests nobody can know the outcome of. */
export function unknownView(
  keeper: JournalKeeper | undefined,
): Pick<QueueView, "unknown"> {
  if (keeper === undefined) return {};
  return {
    unknown: (isMeant, offset, limit) =>
      keeper.unknown.list(isMeant, offset, limit),
  };
}

/** What goes with the scopes of a cluster; undefined: nothing is kept. */
export function keptScopes(
  keeper: JournalKeeper | undefined,
  into: Parameters<typeof takeUpOf>[0],
): {
  takeUp(scope: string, lease: ScopeLease): Promise<() => Promise<void>>;
  handOver(handed: HandedOver): Promise<void>;
} | undefined {
  return keeper && {
    takeUp: (scope, lease) => keeper.takeUpScope(scope, takeUpOf(into), lease),
    handOver: (handed) => keeper.handOver(handed),
  };
}

/** Where the former process's requests, sessions and knowledge go on. */
export function takeUpOf(
  { queue, bots, named, sockets, addresses }:
    & Omit<RestoringParts, "dispatcher">
    & {
      readonly queue: Queue;
      readonly bots: BotRing;
      readonly addresses?: AddressPort | undefined;
    },
): TakeUp {
  return {
    ...queue,
    addresses,
    printOf: (request) => writePrintOf(request, sha256Of),
    identities: () => bots.all.map(({ identity }) => identity),
    restoring: () =>
      new Restoration({ dispatcher: queue.dispatcher, named, sockets }),
  };
}
