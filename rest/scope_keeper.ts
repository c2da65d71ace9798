import type { ScopeKeeper } from "./cluster/cluster.ts";
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
  /** Goes on with what was kept of a scope; nothing was where this is left out. */
  readonly takeUp?: (scope: string) => Promise<void>;
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
  const letGo = (scope: string) => release(handedOver(scope, parts), parts);
  return {
    async gained(scope) {
      await parts.takeUp?.(scope);
    },
    lost(scope) {
      void letGo(scope);
    },
    async handOver(scope) {
      const late = Promise.withResolvers<void>();
      const stop = clock.wakeAt(clock.nowMs() + LAST_ANSWERS_MS, late.resolve);
      await Promise.race([letGo(scope), late.promise]);
      stop();
    },
  };
}

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
