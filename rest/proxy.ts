import { createHash, randomUUID, type RestManager } from "../deps.ts";
import type { Settings } from "./config/settings.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher/dispatcher.ts";
import type { DrainReport } from "./dispatcher/drain.ts";
import { addressOf, bodyDigestOf } from "./dispatcher/fingerprint.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Identity } from "./domain/identity.ts";
import type { Clock, Random, Submitter, Upstream } from "./domain/ports.ts";
import { type Authorizer, createAuthorizer } from "./listener/authorize.ts";
import { createBotRing } from "./listener/bot_ring.ts";
import {
  createHttpHandler,
  type HttpHandler,
  type HttpSettings,
} from "./listener/http/handler.ts";
import { urgencyOf } from "./listener/http/wishes.ts";
import { broughtIdentity, credentialsOf } from "./listener/identity_of.ts";
import { createKeyRing } from "./listener/key_ring.ts";
import {
  createHttpTwins,
  type HttpTwins,
} from "./listener/twins/http_twins.ts";
import { createWebSocketDoor } from "./listener/websocket/door.ts";
import { createFactLog } from "./log/fact_log.ts";
import { createManager, DISCORDENO_USER_AGENT } from "./manager/manager.ts";
import { parseTarget } from "./routes/parse_target.ts";
import { routeOf } from "./routes/route_of.ts";
import { createScheduler } from "./scheduler/scheduler.ts";
import type { SchedulerSnapshot } from "./scheduler/types.ts";
import { SYSTEM_CLOCK } from "./clock/system_clock.ts";
import { createUpstream } from "./upstream/upstream.ts";

/** A proxy without a port: serve its `fetch`, or use its `manager` in process. */
export interface Proxy {
  /** Answers one HTTP request; fits `Deno.serve` and every host like it. */
  readonly fetch: HttpHandler;
  /** Takes nothing new, lets what is here finish for up to `forMs` (default `REST_DRAIN_MS`), refuses the rest. */
  drain(forMs?: number): Promise<DrainReport>;
  /** discordeno's manager for the bot of `DISCORD_TOKEN`; its calls wait in the same queue. Undefined without a token. */
  readonly manager: RestManager | undefined;
  /** What waits and what was learnt, as plain data. */
  snapshot(): SchedulerSnapshot;
}

/** What an embedding program or a test may put in place of the real thing. */
export interface ProxyParts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly facts?: FactSink;
  readonly upstream?: Upstream;
}

/** Wires all rooms into one proxy. The only file that knows them all. */
export function createProxy(settings: Settings, parts: ProxyParts = {}): Proxy {
  const clock = parts.clock ?? SYSTEM_CLOCK;
  const observers = [
    parts.facts ?? createFactLog(settings.logLevel, settings.logFormat),
  ];
  const facts: FactSink = (fact) => {
    for (const observe of observers) observe(fact);
  };
  const dispatcher = createQueue(settings, parts, clock, facts);
  const bots = createBotRing(settings.discordToken);
  const keys = createKeyRing([
    { name: DEFAULT_KEY_NAME, key: settings.authorization },
  ]);
  const authorizer = createAuthorizer({ keys, bots });
  const shared = { submitter: dispatcher, authorizer, clock, facts };
  const door = createWebSocketDoor({
    ...shared,
    settings: {
      apiVersion: settings.apiVersion,
      upstream: settings.upstream,
      isHeaderRequired: settings.isRepHeaderRequired,
      isKeyInPathAllowed: settings.isKeyInPathAllowed,
    },
  });
  observers.push((fact) => door.observe(fact));
  const fetch = createHttpHandler({
    ...shared,
    onUpgrade: (request, info) => door.upgrade(request, info),
    twins: createTwins(dispatcher, clock),
    isDraining: () => dispatcher.isDraining(),
    settings: httpSettingsOf(settings),
  });
  return {
    fetch,
    async drain(forMs = settings.drainMs) {
      // The queue first: what it gives up is still answered over the sockets.
      const drained = dispatcher.drain(forMs);
      await door.drain(forMs);
      return await drained;
    },
    manager: bots.main && createBotManager(settings, shared, bots.main),
    snapshot: () => dispatcher.snapshot(),
  };
}

function httpSettingsOf(settings: Settings): HttpSettings {
  return {
    apiVersion: settings.apiVersion,
    isKeyInPathAllowed: settings.isKeyInPathAllowed,
    areTokenRoutesOpen: settings.areTokenRoutesOpen,
    areRateLimitHeadersStripped: settings.areRateLimitHeadersStripped,
    bodyLimitBytes: settings.bodyLimitMib * MIB,
    heldLimitBytes: settings.heldLimitMib * MIB,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
    roomWaitMs: settings.maxWaitMs,
  };
}

function createBotManager(
  settings: Settings,
  { submitter, authorizer, clock }: {
    readonly submitter: Submitter;
    readonly authorizer: Authorizer;
    readonly clock: Clock;
  },
  identity: Identity,
): RestManager {
  return createManager({
    identity,
    submitter,
    apiVersion: settings.apiVersion,
    baseUrl: settings.upstream,
    parseTarget,
    routeOf: (method, path) => routeOf(method, path, clock.wallMs()),
    urgencyOf: (lane) => urgencyOf(null, lane),
    identityOf: (authorization, route) =>
      authorizer.identityFor(
        { keyName: "manager", brought: identityOf(authorization) },
        route,
      ),
  });
}

/** A token discordeno was given for one call, such as a user's. */
function identityOf(authorization: string | undefined): Identity | undefined {
  if (authorization === undefined) return undefined;
  const credentials = credentialsOf(authorization);
  return credentials && broughtIdentity(authorization, credentials);
}

function createTwins(submitter: Submitter, clock: Clock): HttpTwins {
  return createHttpTwins({
    submitter,
    clock,
    newId: randomUUID,
    fingerprintOf: (request) =>
      `${addressOf(request)} ${bodyDigestOf(request, sha256Of)}`,
  });
}

const MIB = 1024 * 1024;

/** How the one key of `REST_AUTHORIZATION` is called in logs. */
const DEFAULT_KEY_NAME = "default";

/** The longest a request body may take to come in: 110 MiB at 2 MiB/s, and a little. */
const BODY_TIMEOUT_MS = 60_000;

function createQueue(
  settings: Settings,
  parts: ProxyParts,
  clock: Clock,
  facts: FactSink,
): Dispatcher {
  const upstream = parts.upstream ?? createUpstream({
    baseUrl: settings.upstream,
    userAgent: DISCORDENO_USER_AGENT,
    headersTimeoutMs: settings.upstreamTimeoutMs,
    bodyTimeoutMs: settings.upstreamTimeoutMs,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectionsMax: settings.upstreamConnections,
  });
  const scheduler = createScheduler({
    maxWaitMs: settings.maxWaitMs,
    globalLimitOf: (identityId) => globalLimitOf(settings, identityId),
    invalidCeiling: settings.invalidLimit,
    waitingMax: settings.queueLimit,
    lineWaitingMax: settings.lineLimit,
    bytesMax: settings.heldLimitMib * MIB,
  });
  return createDispatcher({
    scheduler,
    upstream,
    clock,
    random: parts.random ?? Math.random,
    facts,
    digest: sha256Of,
    options: {
      maxWaitMs: settings.maxWaitMs,
      isSingleFlight: settings.isSingleFlight,
      apiVersion: settings.apiVersion,
    },
  });
}

/** Discord's edge is near everywhere: ten seconds without a connection is a network that is down. */
const CONNECT_TIMEOUT_MS = 10_000;

function globalLimitOf(settings: Settings, identityId: string): number {
  // `bot:<applicationId>`, and a hash behind it for tokens that callers bring.
  const applicationId = identityId.split(":")[1] ?? "";
  return settings.globalLimits.get(applicationId) ?? settings.globalLimit;
}

function sha256Of(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64");
}
