import { randomUUID, type RestManager } from "../deps.ts";
import { type OpenAccess, openAccess } from "./access.ts";
import type { Settings } from "./config/settings.ts";
import type { DrainOptions, DrainReport } from "./dispatcher/drain.ts";
import type { Access, BotEntry, KeyEntry } from "./domain/access.ts";
import { KEYLESS_SHARE } from "./domain/caller.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Clock, Random, Upstream } from "./domain/ports.ts";
import type { Secret } from "./domain/secret.ts";
import { sha256Of } from "./listener/access/digest.ts";
import { contentPrintOf } from "./idempotency/fingerprint.ts";
import type { WaitRule } from "./domain/wait_rule.ts";
import {
  createHttpEndpoint,
  type HttpEndpoint,
} from "./listener/http/endpoint.ts";
import { httpSettingsOf } from "./listener/http/http_settings.ts";
import type {
  Endpoint,
  HttpHandler,
} from "./listener/http/incoming_request.ts";
import { createKeyGate, type KeyGate } from "./listener/access/key_gate.ts";
import {
  createNamedRequests,
  type NamedRequests,
  type NamedRequestsDeps,
} from "./listener/http/named_requests.ts";
import {
  type FetchHandler,
  fetchHandlerOf,
} from "./listener/transport/fetch_handler.ts";
import {
  createWebSocketEndpoint,
  type WebSocketEndpoint,
} from "./listener/websocket/endpoint.ts";
import { isUpgrade } from "./listener/websocket/handshake.ts";
import { createFactLog } from "./log/fact_log.ts";
import { joinQueue } from "./manager/join_queue.ts";
import type { PageButtons } from "./admin/actions.ts";
import { openAutoLimits } from "./auto_limits.ts";
import { type DrainParts, drainProxy } from "./draining.ts";
import type { ClusterPart } from "./cluster/open_cluster.ts";
import { managerDepsOf } from "./manager_deps.ts";
import { openOperating } from "./operating.ts";
import type { OpenJournal } from "./journal_keeper.ts";
import {
  keptScopes,
  openKeptQueue,
  takeUpOf,
  unknownView,
} from "./kept_queue.ts";
import { openPeering, type PeerParts, peersIn } from "./peers/peering.ts";
import type { Queue } from "./queue.ts";
import { clusterPartOf } from "./scope_keeper.ts";
import type { SchedulerSnapshot } from "./scheduler/types.ts";
import { SYSTEM_CLOCK } from "./clock/system_clock.ts";

/** A proxy without a port: serve its `fetch`, or use its `manager` in process. */
export interface Proxy {
  /** Answers one HTTP request for hosts with a server of their own. They tell late or never that a caller has left, and open no WebSockets. */
  readonly fetch: FetchHandler;
  /** What our own listeners serve. */
  readonly endpoint: Endpoint;
  /** What is served to the other proxies of a cluster, on a port of its own; undefined: there are none. */
  readonly peerEndpoint: Endpoint | undefined;
  /**
   * Goes on for up to `forMs` (default `REST_DRAIN_MS`) with everything that can
   * be done by then, and refuses what is left. When nothing waits any more, or
   * the end is near, it calls `closePorts`, which settles once every answer
   * under way is out and nobody can come any more.
   */
  drain(
    forMs?: number,
    closePorts?: () => Promise<void>,
    options?: DrainOptions,
  ): Promise<DrainReport>;
  /** discordeno's manager, whose calls wait in the same queue as those that come over HTTP and REP. */
  readonly manager: RestManager;
  /** Answers `/metrics` without a key, and nothing else: for a port of its own. */
  readonly metrics: HttpHandler;
  /**
   * Goes on with what the process before this one left in the journal, and tells
   * in one sentence what that was; undefined: there is no journal. To be called
   * once, before anybody is served.
   */
  takeUp(): Promise<string | undefined>;
  /** What of it takes part in a cluster; undefined: it is alone. */
  readonly clusterPart: Pick<ClusterPart, "keeper" | "health"> | undefined;
  /** What waits and what is known of the limits, as plain data. */
  snapshot(): SchedulerSnapshot;
  /** Replaces all keys; that of `REST_AUTHORIZATION` by `authorization`, where it is given. */
  replaceKeys(keys: readonly KeyEntry[], authorization?: Secret): void;
  /**
   * Replaces all bots, the manager's among them. What waits for a bot with a
   * new token goes with that one, what waits for a bot that is gone with the
   * token it came with. Returns how many requests wait with a new token.
   */
  replaceBots(bots: readonly BotEntry[]): number;
  /** The names of the bots there are. */
  botNames(): readonly string[];
  /** Replaces the rules for all. */
  replaceRules(rules: readonly WaitRule[]): void;
}

/** What an embedding program or a test may replace. */
export interface ProxyParts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly facts?: FactSink;
  readonly upstream?: Upstream;
  /** More keys and bots; by default the bot of `DISCORD_TOKEN` and no further key. */
  readonly access?: Access;
  /**
   * discordeno's manager, made by its `createRestManager`. Its token is that of
   * the first bot, and everything is sent to its `baseUrl`. Unless given, one
   * is made of the settings.
   */
  readonly manager?: RestManager;
  /** Ends the program, when an operator asks the page to drain; unless given, the proxy drains alone. */
  readonly stop?: () => void;
  /** What the program adds to the operators' page, by the words on its buttons. */
  readonly buttons?: PageButtons;
  /** Makes the proxy one of several; unless given, as the settings say. */
  readonly peers?: PeerParts;
  /** Certificates of other proxies to trust besides the runtime's, in PEM. */
  readonly peerCertificates?: string | undefined;
  /** Signs in to the page at `/admin/enter?code=…`, once. */
  readonly onceCode?: string;
  /** Keeps what was accepted beyond the end of the process; `takeUp` goes on with what it holds. */
  readonly journal?: OpenJournal | undefined;
}

/**
 * Wires all modules into one proxy. The only file that knows them all.
 *
 * @example A whole program is `examples/embedded.ts`.
 * ```ts
 * const proxy = createProxy(settings, { access });
 * Deno.serve({ hostname: "127.0.0.1" }, proxy.fetch);
 * ```
 */
export function createProxy(settings: Settings, parts: ProxyParts = {}): Proxy {
  const clock = parts.clock ?? SYSTEM_CLOCK;
  const { facts, observers } = observedFacts(settings, parts);
  const access = openAccess(settings, { ...parts, clock });
  const { manager, bots, keys, authorizer } = access;
  const { baseUrl } = manager;
  const peers = peersOf(settings, parts);
  const maySend = peers?.owners.maySend.bind(peers.owners);
  const around = { ...parts, clock, facts, baseUrl, maySend, observers };
  const { keeper, queue, journal } = openKeptQueue(settings, around);
  const { dispatcher } = queue;
  const known = { submitter: dispatcher, keys, clock, facts };
  const gate = createKeyGate({ ...known, ...gateSettingsOf(settings, parts) });
  const moveRequests = dispatcher.reassign.bind(dispatcher);
  const joined = { ...known, gate, bots, authorizer, settings, moveRequests };
  const peering = openPeering(peers, joined);
  const submitter = peering?.forwarder ?? gate;
  const shared = { submitter, authorizer, clock, facts };
  const sockets = createWebSocketEndpoint({
    ...shared,
    door: peering?.door.enter.bind(peering.door),
    bodies: dispatcher.register.bodies,
    journal,
    settings: webSocketSettingsOf(settings, manager),
  });
  const owners = peers?.owners;
  const stop = () => void proxy.drain();
  const door = peering?.doorFigures;
  const own = { stop, bots, queue, sockets, keeper, door };
  const operating = openOperating({ ...shared, ...own, ...parts, owners });
  observers.push(sockets.observe.bind(sockets), operating.observe);
  const register = dispatcher.register;
  const promising = { ...shared, submitter: gate, register, journal };
  const named = namedRequestsOf(promising);
  const http = createHttpEndpoint({
    ...shared,
    gate,
    moveRequests: peering?.moveRequests ?? moveRequests,
    hasUpgrade: true,
    named: peering?.named(named) ?? named,
    showQueue: peering?.showQueue,
    isDraining: () => dispatcher.isDraining(),
    troubles: () => operating.figures.troubles(),
    operators: operating.operators,
    view: { ...operating.view, ...unknownView(keeper) },
    settings: httpSettingsOf(settings),
  });
  joinQueue(manager, managerDepsOf(settings, shared, bots));
  const stopLimits = openAutoLimits(settings, { ...known, ...own, submitter });
  const ending = { ...own, clock, dispatcher, http, operating, stopLimits };
  const kept = keptScopes(keeper, { queue, bots, named, sockets });
  const clusterPart = clusterPartOf(owners, { ...ending, facts, kept });
  const shown = { ...ending, peering, settings, access, gate, named };
  const proxy = shownOf({ ...shown, clusterPart });
  return proxy;
}

/** What is seen of a proxy from outside. */
function shownOf(
  parts: DrainParts & {
    readonly settings: Settings;
    readonly access: OpenAccess;
    readonly queue: Queue;
    readonly gate: KeyGate;
    readonly named: NamedRequests;
    readonly clusterPart: Proxy["clusterPart"];
  },
): Proxy {
  const { settings, access, gate, dispatcher, http, sockets } = parts;
  const { operating, peering, named } = parts;
  const { manager, bots } = access;
  return {
    fetch: fetchHandlerOf(http.handle),
    endpoint: endpointOf(settings, http, sockets),
    peerEndpoint: peering?.endpoint(http, named, sockets),
    drain: (forMs, closePorts, options) =>
      drainProxy(parts, forMs ?? settings.drainMs, closePorts, options),
    manager,
    metrics: operating.metrics,
    takeUp: async () =>
      await parts.keeper?.takeUp(takeUpOf({ ...parts, ...access })),
    clusterPart: parts.clusterPart,
    snapshot: () => dispatcher.control.snapshot(),
    replaceRules: (rules) => gate.replaceRules(rules),
    botNames: () => bots.all.map(({ name }) => name),
    replaceBots: (entries) =>
      access.replaceBots(entries, (bot) => dispatcher.renewToken(bot)),
    replaceKeys(entries, authorization = settings.authorization) {
      access.replaceKeys(entries, authorization);
      operating.signOutAll();
    },
  };
}

/** A sink of facts, and everybody who is told of them; more may be added. */
function observedFacts(settings: Settings, parts: ProxyParts): {
  readonly facts: FactSink;
  readonly observers: FactSink[];
} {
  const { logLevel, logFormat } = settings;
  const observers = [parts.facts ?? createFactLog(logLevel, logFormat)];
  const facts: FactSink = (fact) => {
    for (const observe of observers) observe(fact);
  };
  return { facts, observers };
}

function peersOf(settings: Settings, parts: ProxyParts) {
  return parts.peers ?? peersIn(settings, parts.peerCertificates);
}

function gateSettingsOf({ queueLimit }: Settings, { access }: ProxyParts) {
  return {
    keylessMax: Math.ceil(queueLimit * KEYLESS_SHARE),
    rules: access?.rules,
  };
}

/** What listeners serve: HTTP, and REP where a WebSocket is asked for. */
function endpointOf(
  settings: Settings,
  { handle }: HttpEndpoint,
  sockets: WebSocketEndpoint,
): Endpoint {
  return {
    handle,
    isUpgrade: (request) => isUpgrade(request, settings),
    upgrade: (request) => sockets.upgrade(request),
  };
}

function webSocketSettingsOf(settings: Settings, { baseUrl }: RestManager) {
  return {
    apiVersion: settings.apiVersion,
    upstream: baseUrl,
    isHeaderRequired: settings.isRepHeaderRequired,
    allowedHeaders: settings.repHeaders,
    isKeyInPathAllowed: settings.isKeyInPathAllowed,
    origins: settings.origins,
  };
}

function namedRequestsOf(
  deps: Omit<NamedRequestsDeps, "newId" | "fingerprintOf">,
): NamedRequests {
  return createNamedRequests({
    ...deps,
    newId: randomUUID,
    fingerprintOf: (request) => contentPrintOf(request, sha256Of),
  });
}
