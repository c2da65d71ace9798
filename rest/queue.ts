import type { Settings } from "./config/settings.ts";
import { createDispatcher } from "./dispatcher/dispatcher.ts";
import { MessageNonces } from "./idempotency/nonces/message_nonces.ts";
import type { Dispatcher } from "./dispatcher/types.ts";
import type { FactSink } from "./domain/fact.ts";
import type { HealthPort } from "./domain/shared_health.ts";
import type { Journal, SendGuard } from "./domain/journal.ts";
import type { Clock, Random, Upstream } from "./domain/ports.ts";
import { sha256Of } from "./listener/access/digest.ts";
import { USER_AGENT } from "./manager/join_queue.ts";
import type { Scheduler } from "./scheduler/types.ts";
import { createScheduler } from "./scheduler/scheduler.ts";
import { createUpstream } from "./upstream/upstream.ts";

/** What the queue is put together with. */
export interface QueueParts {
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly random?: Random;
  /** Unless given, Discord's at `baseUrl`. */
  readonly upstream?: Upstream;
  readonly baseUrl: string;
  /** Is told of every change of a request; nothing is kept where it is left out. */
  readonly journal?: Journal | undefined;
  /** What the ids of requests begin with. */
  readonly epochOf?: ((identityId: string) => number) | undefined;
  /** What is counted behind that begins here; 0 where it is left out. */
  readonly firstCounter?: number | undefined;
  /** Whether this proxy may send a request now, where there are several; it always may where this is left out. */
  readonly maySend?: SendGuard | undefined;
}

/** The one queue: a scheduler that decides, an upstream that sends, and the dispatcher between them. */
export interface Queue {
  readonly dispatcher: Dispatcher;
  readonly upstream: Upstream;
  /** Sets what Discord was found to allow an identity per second. */
  readonly setGlobalLimit: (identityId: string, limit: number) => void;
  /** What the next process may go on with. */
  readonly learnt: Scheduler["learnt"];
  /** Goes on with what another process has learnt. */
  readonly takeLearnt: Scheduler["takeLearnt"];
  /** What it shares with other proxies behind the same address. */
  readonly health: HealthPort;
}

/** Puts the queue together. */
export function openQueue(settings: Settings, parts: QueueParts): Queue {
  const { clock, facts } = parts;
  const upstream = parts.upstream ?? createUpstream({
    baseUrl: parts.baseUrl,
    userAgent: USER_AGENT,
    headersTimeoutMs: settings.upstreamTimeoutMs,
    bodyTimeoutMs: settings.upstreamTimeoutMs,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectionsMax: settings.upstreamConnections,
    outboundProxy: settings.outboundProxy,
    outboundAddress: settings.outboundAddress,
  });
  const found = new Map<string, number>();
  const scheduler = createScheduler({
    maxWaitMs: settings.maxWaitMs,
    globalLimitOf: (id) => found.get(id) ?? globalLimitOf(settings, id),
    invalidCeiling: settings.invalidLimit,
    // With one key there is nobody to leave a share to.
    isInvalidShared: settings.keysFile !== undefined,
    waitingMax: settings.queueLimit,
    lineWaitingMax: settings.lineLimit,
    bytesMax: settings.heldLimitMib * MIB,
  });
  const dispatcher = createDispatcher({
    scheduler,
    upstream,
    clock,
    random: parts.random ?? Math.random,
    facts,
    digest: sha256Of,
    ...keptBy(parts),
    nonces: new MessageNonces({
      addsNonces: settings.messageNonce === "add",
      digest: sha256Of,
      drawName: () => crypto.randomUUID(),
      onForget: (entry) => parts.journal?.gone(entry),
    }),
    options: {
      maxWaitMs: settings.maxWaitMs,
      isSingleFlight: settings.isSingleFlight,
      adoptMs: settings.adoptMs,
      keptBytesMax: settings.keptLimitMib * MIB,
      apiVersion: settings.apiVersion,
    },
  });
  return {
    dispatcher,
    upstream,
    learnt: (saving) => scheduler.learnt(saving),
    takeLearnt: (learnt, moment) => scheduler.takeLearnt(learnt, moment),
    setGlobalLimit(identityId, limit) {
      found.set(identityId, limit);
      scheduler.setGlobalLimit(identityId, limit);
    },
    health: {
      own: () => scheduler.health(clock.nowMs()),
      heard: (others) => scheduler.heard(others, clock.nowMs()),
    },
  };
}

function keptBy({ journal, epochOf, firstCounter, maySend }: QueueParts) {
  return { journal, epochOf, firstCounter, maySend };
}

const MIB = 1024 * 1024;

/** Discord's edge is near everywhere: ten seconds without a connection is a network that is down. */
const CONNECT_TIMEOUT_MS = 10_000;

/** What Discord allows every bot, until it has told more. */
const LIMIT_UNKNOWN = 50;

function globalLimitOf(settings: Settings, identityId: string): number {
  // `bot:<applicationId>`, and a hash behind it for tokens that callers bring.
  const applicationId = identityId.split(":")[1] ?? "";
  const { globalLimits, globalLimit } = settings;
  return globalLimits.get(applicationId) ??
    (globalLimit === "auto" ? LIMIT_UNKNOWN : globalLimit);
}
