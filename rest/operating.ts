import { randomUUID } from "../deps.ts";
import type { PageButtons } from "./admin/actions.ts";
import { AdminPage } from "./admin/admin_page.ts";
import { createMetricsHandler } from "./admin/metrics_handler.ts";
import { createOperatorDoor } from "./admin/operator_door.ts";
import type { Fact, FactSink } from "./domain/fact.ts";
import { NOBODY } from "./domain/identity.ts";
import type { DoorFigures, Owners } from "./domain/owners.ts";
import type { Clock, OperatorDoor, QueueView } from "./domain/ports.ts";
import type { BotRing } from "./listener/access/bot_ring.ts";
import type { WebSocketEndpoint } from "./listener/websocket/endpoint.ts";
import type { ClusterReading, JournalReading } from "./metrics/types.ts";
import { Figures } from "./metrics/figures.ts";
import { LongWaits } from "./metrics/long_waits.ts";
import { requestRowOf } from "./metrics/request_row.ts";
import type { Queue } from "./queue.ts";

/** What operators look at, and act on. */
export interface OperatingParts {
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly bots: BotRing;
  readonly queue: Queue;
  readonly sockets: WebSocketEndpoint;
  /** Who sends for which bot, where there are several proxies. */
  readonly owners?: Owners | undefined;
  /** What came here and others send. */
  readonly door?: (() => DoorFigures) | undefined;
  /** Undefined: nothing outlives the process. */
  readonly keeper?: { reading(): JournalReading } | undefined;
  /** Ends the process as SIGTERM does. */
  readonly stop: () => void;
  readonly buttons?: PageButtons | undefined;
  /** A word that signs in to the page whoever shows it first. */
  readonly onceCode?: string | undefined;
}

/** Figures, and the paths that show them. */
export interface Operating {
  readonly figures: Figures;
  /** Hears everything that happens. */
  observe(fact: Fact): void;
  readonly operators: OperatorDoor;
  readonly view: QueueView;
  /** `/metrics` for a port of its own. */
  readonly metrics: ReturnType<typeof createMetricsHandler>;
  /** The keys have been read anew: whoever signed in has to show one again. */
  signOutAll(): void;
  /** Pages that are open are shown nothing new. */
  closeStreams(): void;
  /** Streams and timers end, and the last minute is told. */
  close(): void;
}

/** Puts together what operators see and do. */
export function openOperating(parts: OperatingParts): Operating {
  const { clock, facts, queue, stop, onceCode } = parts;
  const { control } = queue.dispatcher;
  const figures = openFigures(parts);
  const page = new AdminPage({
    clock,
    facts,
    newId: randomUUID,
    figures: (afterMs) => figures.page(afterMs),
    requests: (lineId) =>
      control.waitingRequests({ ...EVERYBODYS, lineId })
        .map((waiting) => requestRowOf(waiting, clock.nowMs())),
    actions: {
      pause: (lineId) => control.pause(lineId),
      resume: (lineId) => control.resume(lineId),
      drop: (id) => control.drop(id),
      drain: stop,
      buttons: parts.buttons ?? {},
    },
    onceCode,
  });
  const longWaits = new LongWaits({
    clock,
    facts,
    waiting: (limit) => control.waitingRequests({ ...EVERYBODYS, limit }),
  });
  const exposition = () => figures.exposition();
  return {
    figures,
    observe(fact) {
      figures.observe(fact);
      longWaits.observe(fact);
    },
    operators: createOperatorDoor({ exposition, page }),
    view: {
      requests: (isMeant, offset, limit) =>
        control.waitingRequests({ isMeant, offset, limit })
          .map((waiting) => requestRowOf(waiting, clock.nowMs())),
      preview: (request) => control.preview(request),
    },
    metrics: createMetricsHandler(exposition),
    signOutAll: () => page.signOutAll(),
    closeStreams: () => page.close(),
    close() {
      page.close();
      longWaits.stop();
      figures.stop();
    },
  };
}

/** As many of a line's requests as anybody looks at. */
const EVERYBODYS = { isMeant: () => true, offset: 0, limit: 50 };

/** How a cluster stands, and who sends for our bots. */
function clusterReading(
  { owners, bots, door }: OperatingParts,
): ClusterReading | undefined {
  const figures = owners?.figures?.();
  if (owners === undefined || figures === undefined) return undefined;
  return {
    ...figures,
    bots: bots.all.map(({ name, identity }) => {
      const scope = owners.scopeOfIdentity(identity.id);
      const owner = owners.ownerOf(scope);
      return {
        bot: name,
        owner: owner.kind,
        url: owner.kind === "peer" ? owner.url : undefined,
        lease: owners.leaseOf?.(scope),
      };
    }),
    door: door?.() ?? { waiting: 0, handedOn: 0 },
  };
}

function openFigures(parts: OperatingParts): Figures {
  const { clock, facts, bots, queue, sockets, keeper } = parts;
  const { dispatcher, upstream } = queue;
  return new Figures({
    clock,
    facts,
    bots: bots.all.map(({ name }) => name),
    // The same as `botOf` calls them.
    botName(identityId) {
      const own = bots.all.find(({ identity }) => identity.id === identityId);
      return own?.name ?? (identityId === NOBODY.id ? "none" : "brought");
    },
    snapshot: () => dispatcher.control.snapshot(),
    isDraining: () => dispatcher.isDraining(),
    rep: () => sockets.snapshot(),
    sessions: (max) => sockets.sessions(max),
    cluster: () => clusterReading(parts),
    journal: () => keeper?.reading(),
    upstreamConnections: () => upstream.connections?.() ?? 0,
  });
}
