import type { HandedOver } from "../../domain/owners.ts";
import { randomUUID } from "../../../deps.ts";
import type {
  RestoredEntry,
  RestoredReply,
  SessionRecord,
} from "../../domain/entry.ts";
import { detailOf, type Fact, type FactSink } from "../../domain/fact.ts";
import { type Journal, NO_JOURNAL } from "../../domain/journal.ts";
import { drainingRefusal } from "../../domain/own_refusals.ts";
import type { Clock, Submitter, Ticket } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { ConnectionStart } from "../../rep/connections/connection.ts";
import type { KeptBodies } from "../../idempotency/kept_bodies.ts";
import { DEFAULT_LIMITS, type RepLimits } from "../../rep/limits.ts";
import { RepMachine, type RepSnapshot } from "../../rep/machine.ts";
import { SessionStore } from "../../rep/sessions/session_store.ts";
import type { SessionView } from "../../rep/sessions/session_views.ts";
import type { Session } from "../../rep/sessions/session.ts";
import type { Authorizer } from "../access/authorize.ts";
import { sha256Of } from "../access/digest.ts";
import type {
  AcceptedUpgrade,
  HttpAnswer,
  IncomingRequest,
  SocketListener,
  UpgradeHandler,
} from "../http/incoming_request.ts";
import { refusalAnswer } from "../http/refusal_answer.ts";
import { type AdmittedUpgrade, admitUpgrade } from "./admit_upgrade.ts";
import { JournaledSessions } from "./journaled_sessions.ts";
import { listenerOf } from "./listener_of.ts";
import { SocketRunner } from "./socket_runner.ts";

/** What is decided about REP. */
export interface WebSocketSettings {
  readonly apiVersion: number;
  /** Discord's API base, whose absolute URLs are taken as targets (C16). */
  readonly upstream: string;
  /** An upgrade without a key is refused rather than given time to authenticate. */
  readonly isHeaderRequired: boolean;
  readonly isKeyInPathAllowed: boolean;
  /** Pages that may connect besides those of the proxy's own host (A9). */
  readonly origins: ReadonlySet<string>;
  /** Request headers that may cross besides the audit reason, in lower case (E1). */
  readonly allowedHeaders?: ReadonlySet<string>;
  readonly connectionsMax?: number;
  readonly limits?: Partial<RepLimits>;
}

/** What the endpoint is made with. */
export interface WebSocketEndpointDeps {
  readonly submitter: Submitter;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly settings: WebSocketSettings;
  /** Where sockets may be handed on to: whoever listens in our place, or we where it wants that. */
  readonly door?: SocketDoor | undefined;
  /** Bounds the bodies of kept replies, together with whatever else is kept. */
  readonly bodies: KeptBodies;
  /** Is told what the next process needs; nothing is kept where it is left out. */
  readonly journal?: Journal | undefined;
  /** Where sessions live; in memory where nothing is said. */
  readonly store?: SessionStore;
  /** Names this life of the proxy; drawn where nothing is said. */
  readonly epoch?: string;
}

/** Says who listens to a socket: `here` does where the conversation is ours. */
export type SocketDoor = (
  upgrade: AdmittedUpgrade,
  here: SocketListener,
) => SocketListener;

/** What is open and under way, as plain data. */
export interface EndpointSnapshot extends RepSnapshot {
  /** Sockets that are open or still closing. */
  readonly sockets: number;
}

/** The way in for REP over WebSockets. */
export interface WebSocketEndpoint {
  /** Says whether a socket may be opened, and who listens to it. */
  readonly upgrade: UpgradeHandler;
  /** Who listens to a socket that somebody else has let in; refuses where none is taken any more. */
  accept(start: ConnectionStart): SocketListener;
  /** Hears what happens in the proxy, for the notices (G). */
  observe(fact: Fact): void;
  /** Tells the clients that the proxy ends within `forMs`, and goes on. */
  announceDrain(forMs: number): void;
  /**
   * Takes nothing new, lets what runs end for up to `forMs` and closes every
   * socket. To be called before the dispatcher gives up what is left, so that
   * this is still answered.
   */
  drain(forMs: number): Promise<void>;
  /** Takes over a session of another process, with its replies by their seq. */
  restoreSession(
    record: SessionRecord,
    replies: readonly RestoredReply[],
  ): void;
  /** Follows a frame of another process whose session is not there yet: the journal is told what comes of it, without a number. `restoreFrame` gets the ticket that is returned. */
  expectFrame(ticket: Ticket): Ticket;
  /** Takes over a frame of another process, which waits again (`ticket`) or is through. */
  restoreFrame(restored: RestoredEntry, ticket: Ticket | undefined): void;
  /** Hands the sessions of an identity to another proxy, and has their clients come back. */
  release(handed: HandedOver): void;
  snapshot(): EndpointSnapshot;
  /** The sessions with most to fetch, at most so many, for operators. */
  sessions(max: number): readonly SessionView[];
}

/** Each idle socket costs some 25 KiB, the runtime's own part included. */
const CONNECTIONS_MAX = 20_000;

/** An answer is held whole before it becomes a frame; Discord's largest is far below, and a reader that is slower is closed at as much (F3). */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** How long a drain waits for sockets to answer their close, after which they are cut. */
const GOODBYE_MS = 1_000;

/** Opens the way in for REP. */
export function createWebSocketEndpoint(
  deps: WebSocketEndpointDeps,
): WebSocketEndpoint {
  return new RepEndpoint(deps);
}

class RepEndpoint implements WebSocketEndpoint {
  readonly #deps: WebSocketEndpointDeps;
  readonly #machine: RepMachine;
  readonly #runner: SocketRunner;
  #isDraining = false;
  /** Rings when the last socket of a drain is gone. */
  #onEmpty: (() => void) | undefined;

  constructor(deps: WebSocketEndpointDeps) {
    const { settings } = deps;
    const limits = { ...DEFAULT_LIMITS, ...settings.limits };
    this.#deps = deps;
    this.#machine = new RepMachine({
      limits,
      apiVersion: settings.apiVersion,
      allowedHeaders: settings.allowedHeaders ?? new Set(),
      epoch: deps.epoch ?? randomUUID(),
      isDurable: deps.journal !== undefined,
      digest: sha256Of,
      boundary: () => `rep-${randomUUID()}`,
    }, this.#openStore(limits));
    this.#runner = new SocketRunner({
      ...deps,
      journal: deps.journal ?? NO_JOURNAL,
      machine: this.#machine,
      maxAnswerBytes: ANSWER_BYTES_MAX,
      onEmpty: () => this.#onEmpty?.(),
    });
  }

  upgrade(request: IncomingRequest): AcceptedUpgrade | HttpAnswer {
    try {
      return this.#upgrade(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code } = error;
      const caller = request.remoteAddress;
      const about = { code, label: "(upgrade)", caller, ...detailOf(error) };
      this.#deps.facts({ kind: "refused", ...about });
      return refusalAnswer(error);
    }
  }

  accept(start: ConnectionStart): SocketListener {
    if (this.#isDraining) throw drainingRefusal();
    const max = this.#deps.settings.connectionsMax ?? CONNECTIONS_MAX;
    if (this.#runner.socketCount >= max) throw fullRefusal(max);
    return listenerOf(start, this.#runner);
  }

  observe(fact: Fact): void {
    // Two facts of every request, and never worth a notice.
    if (fact.kind === "queued" || fact.kind === "leased") return;
    this.#runner.observe(fact);
  }

  announceDrain(forMs: number): void {
    this.#runner.announceDrain(this.#deps.clock.nowMs() + forMs);
  }

  restoreSession(
    record: SessionRecord,
    replies: readonly RestoredReply[],
  ): void {
    this.#runner.restoreSession(record, replies);
  }

  expectFrame(ticket: Ticket): Ticket {
    return this.#runner.expectFrame(ticket);
  }

  restoreFrame(restored: RestoredEntry, ticket: Ticket | undefined): void {
    this.#runner.restoreFrame(restored, ticket);
  }

  release(handed: HandedOver): void {
    this.#runner.release(handed);
  }

  async drain(forMs: number): Promise<void> {
    this.#isDraining = true;
    this.#runner.drain(this.#deps.clock.nowMs() + forMs);
    if (this.#runner.socketCount > 0) await this.#untilEmpty(forMs);
    this.#runner.stop();
  }

  sessions(max: number): readonly SessionView[] {
    const { clock } = this.#deps;
    return this.#machine.sessions(max, {
      nowMs: clock.nowMs(),
      wallMs: clock.wallMs(),
    });
  }

  snapshot(): EndpointSnapshot {
    const sockets = this.#runner.socketCount;
    return { ...this.#machine.snapshot(), sockets };
  }

  #openStore(limits: RepLimits): SessionStore {
    const { store, bodies, journal } = this.#deps;
    if (store !== undefined) return store;
    if (journal === undefined) return new SessionStore(limits, bodies);
    const onStored = (session: Session) => this.#runner.stored(session);
    return new JournaledSessions({ limits, bodies, journal, onStored });
  }

  async #untilEmpty(forMs: number): Promise<void> {
    const { clock } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const callOff = clock.wakeAt(clock.nowMs() + forMs + GOODBYE_MS, () => {
      this.#runner.cutAll();
      resolve();
    });
    await promise;
    callOff();
  }

  #upgrade(request: IncomingRequest): AcceptedUpgrade | HttpAnswer {
    if (this.#isDraining) throw drainingRefusal();
    const { authorizer, settings } = this.#deps;
    // Whoever may not come in is told so, however full it is.
    const admitted = admitUpgrade(request, { authorizer, settings });
    const here = this.accept(admitted.start);
    const listener = this.#deps.door?.(admitted, here) ?? here;
    return { protocol: admitted.protocol, listener };
  }
}

/** Too many connections is no matter of rates, so it is a 503 and no 429 (close codes). */
function fullRefusal(max: number): Refusal {
  return new Refusal(
    "too_many",
    `Cannot take connections: ${max} are open; try again later`,
    { status: 503 },
  );
}
