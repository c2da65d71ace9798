import type { ScopeKeeper } from "./cluster/taking_over.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Clock } from "./domain/ports.ts";
import type { HandedOver, Owners } from "./domain/owners.ts";
import type { ScopeLease } from "./journal_keeper.ts";
import type { ClusterPart } from "./cluster/open_cluster.ts";
import type { Queue } from "./queue.ts";
import { release, type RestoringParts } from "./restoring.ts";

/** What scopes come to and go from. */
export interface ScopeKeeperParts
  extends Pick<RestoringParts, "dispatcher" | "sockets"> {
  readonly owners: Owners;
  readonly clock: Clock;
  readonly facts: FactSink;
  /** What was kept of a scope, and is to be; nothing is where this is left out. */
  readonly kept?: {
    /** What was lost again before it was read is not gone on with. Settles with what reads the rest. */
    takeUp(scope: string, lease: ScopeLease): Promise<() => Promise<void>>;
    handOver(handed: HandedOver): Promise<void>;
  } | undefined;
}

/**
 * How long a scope that is handed over waits for its last rows to be read, and
 * then for its last answers. Most come within half a second; what takes longer is
 * answered here all the same, while the next owner sends already.
 */
const LAST_ANSWERS_MS = 2_000;

/** Acts for what the cluster decides: takes scopes up, hands them over, and drops those that are lost. */
function scopeKeeperOf(parts: ScopeKeeperParts): ScopeKeeper {
  const { clock } = parts;
  const epochs = new Map<string, number>();
  /** Scopes that are being let go of: one that comes back begins when that has ended. */
  const leaving = new Map<string, Promise<void>>();
  /** Scopes of which what waited is sent, while the rest of their rows is read. */
  const reading = new Map<string, Promise<void>>();
  const letGo = (scope: string) => {
    const left = Promise.resolve(leaving.get(scope)).then(async () => {
      const handed = handedOver(scope, parts);
      await release(handed, parts);
      await parts.kept?.handOver(handed);
      if (leaving.get(scope) === left) leaving.delete(scope);
    });
    leaving.set(scope, left);
    return left;
  };
  return {
    async gained(scope, epoch, letSend) {
      epochs.set(scope, epoch);
      await leaving.get(scope);
      const isStillOurs = () => epochs.get(scope) === epoch;
      const readRest = await takeUp(scope, parts, { isStillOurs, letSend });
      const read = insist(scope, parts, readRest);
      reading.set(scope, read);
      await read;
      if (reading.get(scope) === read) reading.delete(scope);
    },
    lost(scope) {
      epochs.delete(scope);
      void letGo(scope);
    },
    async handOver(scope) {
      const epoch = epochs.get(scope);
      // What is sent already of frames gets its REPLYs when all is read.
      await inTime(clock, reading.get(scope));
      // It may have been lost meanwhile, and gained anew.
      if (epochs.get(scope) !== epoch) return;
      epochs.delete(scope);
      await inTime(clock, letGo(scope));
    },
  };
}

/** Settles with what a hand-over waits for, or when that takes too long. */
async function inTime(
  clock: Clock,
  waited: Promise<void> | undefined,
): Promise<void> {
  if (waited === undefined) return;
  const late = Promise.withResolvers<void>();
  const stop = clock.wakeAt(clock.nowMs() + LAST_ANSWERS_MS, late.resolve);
  await Promise.race([waited, late.promise]);
  stop();
}

/** Goes on with what waits, and settles with what reads the rest. */
function takeUp(
  scope: string,
  parts: ScopeKeeperParts,
  lease: ScopeLease,
): Promise<() => Promise<void>> {
  const { kept } = parts;
  const nothing = () => Promise.resolve();
  return insist(scope, parts, async () => {
    if (kept !== undefined && lease.isStillOurs()) {
      return await kept.takeUp(scope, lease);
    }
    lease.letSend();
    return nothing;
  });
}

/** Tries until it is done: what was promised for a scope must not be passed over. Whoever has lost it meanwhile does nothing, which is soon done. */
async function insist<T>(
  scope: string,
  { clock, facts }: ScopeKeeperParts,
  act: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const why = error instanceof Error ? error.message : "no reason given";
      facts({
        kind: "warning",
        message: `The requests of scope ${scope} cannot be taken over: ${why}`,
      });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.wakeAt(clock.nowMs() + AGAIN_MS, resolve);
    await promise;
  }
}

/** A store that fails is tried again this often. */
const AGAIN_MS = 500;

/** What of a proxy takes part in a cluster; undefined: it is alone. */
export function clusterPartOf(
  owners: Owners | undefined,
  parts: Omit<ScopeKeeperParts, "owners"> & {
    readonly queue: Pick<Queue, "health">;
  },
): Pick<ClusterPart, "keeper" | "health"> | undefined {
  if (owners === undefined) return undefined;
  const keeper = scopeKeeperOf({ ...parts, owners });
  return { keeper, health: parts.queue.health };
}

function handedOver(
  scope: string,
  { owners }: ScopeKeeperParts,
): HandedOver {
  return {
    hasRequest: (request) => owners.scopeOf(request) === scope,
    hasIdentity: (id) => owners.scopeOfIdentity(id) === scope,
  };
}
