import type { ScopeKeeper } from "./cluster/cluster.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Clock } from "./domain/ports.ts";
import type { HandedOver, Owners } from "./domain/owners.ts";
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
    /** What was lost again before it was read is not gone on with. */
    takeUp(scope: string, isStillOurs: () => boolean): Promise<void>;
    handOver(handed: HandedOver): Promise<void>;
  } | undefined;
}

/**
 * How long a scope that is handed over waits for its last answers. Most come
 * within half a second; what takes longer is answered here all the same, while
 * the next owner sends already.
 */
const LAST_ANSWERS_MS = 2_000;

/** Acts for what the cluster decides: takes scopes up, hands them over, and drops those that are lost. */
function scopeKeeperOf(parts: ScopeKeeperParts): ScopeKeeper {
  const { clock } = parts;
  const epochs = new Map<string, number>();
  /** Scopes that are being let go of: one that comes back begins when that has ended. */
  const leaving = new Map<string, Promise<void>>();
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
    async gained(scope, epoch) {
      epochs.set(scope, epoch);
      await leaving.get(scope);
      await takeUp(scope, parts, () => epochs.get(scope) === epoch);
    },
    lost(scope) {
      epochs.delete(scope);
      void letGo(scope);
    },
    async handOver(scope) {
      epochs.delete(scope);
      const late = Promise.withResolvers<void>();
      const stop = clock.wakeAt(clock.nowMs() + LAST_ANSWERS_MS, late.resolve);
      await Promise.race([letGo(scope), late.promise]);
      stop();
    },
  };
}

/** Tries until it is done, or the scope is lost again: what was promised for it must not be passed over. */
async function takeUp(
  scope: string,
  { kept, clock, facts }: ScopeKeeperParts,
  isStillOurs: () => boolean,
): Promise<void> {
  while (isStillOurs()) {
    try {
      return await kept?.takeUp(scope, isStillOurs);
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
