import { randomUUID, type RestManager } from "../deps.ts";
import { readBots } from "./config/read_bots.ts";
import type { Settings } from "./config/settings.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher/dispatcher.ts";
import type { DrainReport } from "./dispatcher/drain.ts";
import {
  addressOf,
  bodyDigestOf,
} from "./dispatcher/second_tries/fingerprint.ts";
import { type Access, ALL_RIGHTS, type KeyEntry } from "./domain/access.ts";
import { KEYLESS_SHARE } from "./domain/caller.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Identity } from "./domain/identity.ts";
import type { Clock, Random, Submitter, Upstream } from "./domain/ports.ts";
import { type Authorizer, createAuthorizer } from "./listener/authorize.ts";
import { type BotRing, createBotRing } from "./listener/bot_ring.ts";
import { hexDigestOf, sha256Of } from "./listener/digest.ts";
import { createHttpEndpoint } from "./listener/http/endpoint.ts";
import type { HttpSettings } from "./listener/http/handler_context.ts";
import type { Endpoint } from "./listener/http/incoming_request.ts";
import { broughtIdentity, credentialsOf } from "./listener/identity_of.ts";
import { createKeyGate } from "./listener/key_gate.ts";
import { createKeyRing } from "./listener/key_ring.ts";
import {
  createHttpTwins,
  type HttpTwins,
} from "./listener/twins/http_twins.ts";
import {
  type FetchHandler,
  fetchHandlerOf,
} from "./listener/transport/fetch_handler.ts";
import { createWebSocketEndpoint } from "./listener/websocket/endpoint.ts";
import { isUpgrade } from "./listener/websocket/handshake.ts";
import { createFactLog } from "./log/fact_log.ts";
import { createManager, USER_AGENT } from "./manager/manager.ts";
import { parseTarget } from "./routes/parse_target.ts";
import { routeOf } from "./routes/route_of.ts";
import { createScheduler } from "./scheduler/scheduler.ts";
import type { SchedulerSnapshot } from "./scheduler/types.ts";
import { SYSTEM_CLOCK } from "./clock/system_clock.ts";
import { createUpstream } from "./upstream/upstream.ts";

/** A proxy without a port: serve its `fetch`, or use its `manager` in process. */
export interface Proxy {
  /** Answers one HTTP request; fits `Deno.serve` and every host like it. It opens no WebSockets, and such a host tells late, or not at all, that a caller has left. */
  readonly fetch: FetchHandler;
  /** What our own listeners serve. */
  readonly endpoint: Endpoint;
  /** Takes nothing new, lets what is here finish for up to `forMs` (default `REST_DRAIN_MS`), refuses the rest. */
  drain(forMs?: number): Promise<DrainReport>;
  /** discordeno's manager for the bot of `DISCORD_TOKEN`, or else the first there is; its calls wait in the same queue. Undefined without any. */
  readonly manager: RestManager | undefined;
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
  const access = parts.access ?? accessOf(settings);
  const bots = createBotRing(access.bots);
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
  const sockets = createWebSocketEndpoint({
    ...shared,
    settings: webSocketSettingsOf(settings),
  });
  observers.push((fact) => sockets.observe(fact));
  const http = createHttpEndpoint({
    ...shared,
    gate,
    moveRequests: (which) => dispatcher.reassign(which),
    hasUpgrade: true,
    twins: createTwins(gate, clock),
    isDraining: () => dispatcher.isDraining(),
    settings: httpSettingsOf(settings),
  });
  return {
    fetch: fetchHandlerOf(http.handle),
    endpoint: {
      handle: http.handle,
      isUpgrade: (request) => isUpgrade(request, settings),
      upgrade: (request) => sockets.upgrade(request),
    },
    async drain(forMs = settings.drainMs) {
      // The queue first: what it gives up is still answered over the sockets.
      const drained = dispatcher.drain(forMs);
      await sockets.drain(forMs);
      const report = await drained;
      http.close();
      return report;
    },
    manager: createBotManager(settings, shared, bots),
    snapshot: () => dispatcher.snapshot(),
    replaceKeys: (entries) => keys.replace([defaultKey(settings), ...entries]),
  };
}

/** The bot of `DISCORD_TOKEN` and no further key. */
function accessOf({ discordToken }: Settings): Access {
  return { keys: [], bots: readBots(discordToken, undefined, []) };
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
    bodyTimeoutMs: settings.bodyTimeoutMs,
    roomWaitMs: settings.maxWaitMs,
    areKeysSeveral: settings.keysFile !== undefined,
    areKeylessServed: settings.openTokenRoutes !== "false",
  };
}

function webSocketSettingsOf(settings: Settings) {
  return {
    apiVersion: settings.apiVersion,
    upstream: settings.upstream,
    isHeaderRequired: settings.isRepHeaderRequired,
    allowedHeaders: settings.repHeaders,
    isKeyInPathAllowed: settings.isKeyInPathAllowed,
    origins: settings.origins,
  };
}

function createBotManager(
  settings: Settings,
  { submitter, authorizer, clock }: {
    readonly submitter: Submitter;
    readonly authorizer: Authorizer;
    readonly clock: Clock;
  },
  bots: BotRing,
): RestManager | undefined {
  const [bot] = bots.all;
  return bot && createManager({
    identity: bot.identity,
    submitter,
    apiVersion: settings.apiVersion,
    baseUrl: settings.upstream,
    parseTarget,
    routeOf: (method, path) => routeOf(method, path, clock.wallMs()),
    identityOf(authorization, route) {
      const brought = identityOf(authorization, bots);
      const proof = {
        keyName: "manager",
        key: undefined,
        brought,
        botId: null,
      };
      return authorizer.identityFor(proof, route);
    },
  });
}

/** A token discordeno was given for one call, such as a user's or another bot's. */
function identityOf(
  authorization: string | undefined,
  bots: BotRing,
): Identity | undefined {
  if (authorization === undefined) return undefined;
  const credentials = credentialsOf(authorization);
  if (credentials === undefined) return undefined;
  const own = credentials.scheme === "bot"
    ? bots.botOf(credentials.token)
    : undefined;
  return own?.identity ?? broughtIdentity(authorization, credentials);
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

function createQueue(
  settings: Settings,
  parts: ProxyParts,
  clock: Clock,
  facts: FactSink,
): Dispatcher {
  const upstream = parts.upstream ?? createUpstream({
    baseUrl: settings.upstream,
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
