import { createRestManager, randomUUID, type RestManager } from "../deps.ts";
import { MAIN_BOT, readBots } from "./config/read_bots.ts";
import type { Settings } from "./config/settings.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher/dispatcher.ts";
import type { DrainReport } from "./dispatcher/drain.ts";
import {
  addressOf,
  bodyDigestOf,
} from "./dispatcher/second_tries/fingerprint.ts";
import {
  type Access,
  ALL_RIGHTS,
  type BotEntry,
  type KeyEntry,
} from "./domain/access.ts";
import { applicationIdOf, NO_APPLICATION_ID } from "./domain/application_id.ts";
import { KEYLESS_SHARE } from "./domain/caller.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Clock, Random, Submitter, Upstream } from "./domain/ports.ts";
import { Secret } from "./domain/secret.ts";
import { type Authorizer, createAuthorizer } from "./listener/authorize.ts";
import {
  type BotRing,
  createBotRing,
  identityOf,
} from "./listener/bot_ring.ts";
import { hexDigestOf, sha256Of } from "./listener/digest.ts";
import type { HttpHandler, HttpSettings } from "./listener/http/desk.ts";
import { createHttpDoor } from "./listener/http/door.ts";
import { createKeyGate } from "./listener/key_gate.ts";
import { createKeyRing } from "./listener/key_ring.ts";
import {
  createHttpTwins,
  type HttpTwins,
} from "./listener/twins/http_twins.ts";
import { createWebSocketDoor } from "./listener/websocket/door.ts";
import { createFactLog } from "./log/fact_log.ts";
import { joinQueue, type ManagerDeps, USER_AGENT } from "./manager/manager.ts";
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
  /** discordeno's manager, whose calls wait in the same queue as those that come over HTTP and REP. */
  readonly manager: RestManager;
  /** What waits and what was learnt, as plain data. */
  snapshot(): SchedulerSnapshot;
  /** Puts these keys in the place of those there are; that of `REST_AUTHORIZATION` stays. */
  replaceKeys(keys: readonly KeyEntry[]): void;
}

/** What an embedding program or a test may put in place of the real thing. */
export interface ProxyParts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly facts?: FactSink;
  readonly upstream?: Upstream;
  /** What the files of keys and tokens say; unless given the bot of `DISCORD_TOKEN` and no further key. */
  readonly access?: Access;
  /**
   * discordeno's manager, made by its `createRestManager`. Its token is that of
   * the first bot, and everything is sent to its `baseUrl`. Unless given, one
   * is made of the settings.
   */
  readonly manager?: RestManager;
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
  const access = parts.access ??
    { keys: [], bots: readBots(settings.discordToken, undefined, []) };
  const manager = parts.manager ?? createManager(settings, access);
  const dispatcher = createQueue(settings, { ...parts, clock, facts, manager });
  const bots = createBotRing(botsOf(manager, access));
  const keys = createKeyRing([defaultKey(settings), ...access.keys]);
  const authorizer = createAuthorizer({
    keys,
    bots,
    clock,
    openTokenRoutes: settings.openTokenRoutes,
  });
  const gate = createKeyGate({
    submitter: dispatcher,
    keys,
    clock,
    facts,
    keylessMax: Math.ceil(settings.queueLimit * KEYLESS_SHARE),
  });
  const shared = { submitter: gate, authorizer, clock, facts };
  const sockets = createWebSocketDoor({
    ...shared,
    settings: webSocketSettingsOf(settings, manager),
  });
  observers.push((fact) => sockets.observe(fact));
  const http = createHttpDoor({
    ...shared,
    gate,
    moveRequests: (which) => dispatcher.reassign(which),
    onUpgrade: (request, info) => sockets.upgrade(request, info),
    twins: createTwins(gate, clock),
    isDraining: () => dispatcher.isDraining(),
    settings: httpSettingsOf(settings),
  });
  joinQueue(manager, managerDepsOf(settings, shared, bots));
  return {
    fetch: http.handle,
    async drain(forMs = settings.drainMs) {
      // The queue first: what it gives up is still answered over the sockets.
      const drained = dispatcher.drain(forMs);
      await sockets.drain(forMs);
      const report = await drained;
      http.close();
      return report;
    },
    manager,
    snapshot: () => dispatcher.snapshot(),
    replaceKeys: (entries) => keys.replace([defaultKey(settings), ...entries]),
  };
}

/** The key of `REST_AUTHORIZATION`. */
function defaultKey({ authorization }: Settings): KeyEntry {
  const sha256 = hexDigestOf(authorization.reveal());
  return { name: DEFAULT_KEY_NAME, sha256, rights: ALL_RIGHTS };
}

function httpSettingsOf(settings: Settings): HttpSettings {
  return {
    apiVersion: settings.apiVersion,
    isKeyInPathAllowed: settings.isKeyInPathAllowed,
    areRateLimitHeadersStripped: settings.areRateLimitHeadersStripped,
    bodyLimitBytes: settings.bodyLimitMib * MIB,
    heldLimitBytes: settings.heldLimitMib * MIB,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
    roomWaitMs: settings.maxWaitMs,
  };
}

function webSocketSettingsOf(settings: Settings, { baseUrl }: RestManager) {
  return {
    apiVersion: settings.apiVersion,
    upstream: baseUrl,
    isHeaderRequired: settings.isRepHeaderRequired,
    allowedHeaders: settings.repHeaders,
    isKeyInPathAllowed: settings.isKeyInPathAllowed,
  };
}

/** The manager of the first bot there is. */
function createManager(settings: Settings, { bots }: Access): RestManager {
  const token = bots[0]?.token.reveal() ?? "";
  const applicationId = applicationIdOf(token) ?? NO_APPLICATION_ID;
  const manager = createRestManager({ token, applicationId });
  // Given as an option it would make discordeno call `fetch` by itself.
  manager.baseUrl = settings.upstream;
  return manager;
}

/** The bots there are, that of the manager first. */
function botsOf({ token }: RestManager, { bots }: Access): readonly BotEntry[] {
  const [first] = bots;
  if (token === "" || first?.token.reveal() === token) return bots;
  if (first === undefined) {
    return [{ name: MAIN_BOT, token: new Secret(token) }];
  }
  throw new Error(
    "Cannot use the manager: its token is not that of the first bot in the settings",
  );
}

function managerDepsOf(
  { apiVersion }: Settings,
  { submitter, authorizer, clock }: {
    readonly submitter: Submitter;
    readonly authorizer: Authorizer;
    readonly clock: Clock;
  },
  bots: BotRing,
): ManagerDeps {
  return {
    submitter,
    apiVersion,
    parseTarget,
    routeOf: (method, path) => routeOf(method, path, clock.wallMs()),
    identityOf(authorization, route) {
      const brought = authorization === undefined
        ? undefined
        : identityOf(authorization, bots);
      const proof = {
        keyName: "manager",
        key: undefined,
        brought,
        botId: null,
      };
      return authorizer.identityFor(proof, route);
    },
  };
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

/** What every request body may take to come in; each 32 KiB that came add a second to it. */
const BODY_TIMEOUT_MS = 60_000;

function createQueue(
  settings: Settings,
  parts:
    & ProxyParts
    & Required<Pick<ProxyParts, "clock" | "facts" | "manager">>,
): Dispatcher {
  const { clock, facts, manager } = parts;
  const upstream = parts.upstream ?? createUpstream({
    baseUrl: manager.baseUrl,
    userAgent: USER_AGENT,
    headersTimeoutMs: settings.upstreamTimeoutMs,
    bodyTimeoutMs: settings.upstreamTimeoutMs,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectionsMax: settings.upstreamConnections,
  });
  const scheduler = createScheduler({
    maxWaitMs: settings.maxWaitMs,
    globalLimitOf: (identityId) => globalLimitOf(settings, identityId),
    invalidCeiling: settings.invalidLimit,
    // With one key there is nobody to leave a share to.
    isInvalidShared: settings.keysFile !== undefined,
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
