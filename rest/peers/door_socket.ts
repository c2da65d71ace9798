import type { Owners } from "../domain/owners.ts";
import type { Clock } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Secret } from "../domain/secret.ts";
import type {
  OpenSocket,
  SocketListener,
} from "../listener/http/incoming_request.ts";
import type { ConnectionStart } from "../rep/connections/connection.ts";
import type { Principal } from "../rep/connections/principal.ts";
import { presentedIn } from "../rep/conversation/receive.ts";
import { awaitFormerOwner } from "./former_owner.ts";
import { type Message, Relay } from "./relay.ts";

/** What one socket at a door needs. */
export interface DoorSocketDeps {
  readonly owners: Owners;
  readonly clock: Clock;
  readonly key: Secret;
  readonly caCertificates: string | undefined;
  /** Serves the conversation in this process. */
  readonly here: SocketListener;
  readonly start: ConnectionStart;
  readonly scopeOf: (principal: Principal) => string | undefined;
  /** Whether it may be handed on; what a door relays is not relayed again. */
  readonly mayRelay: boolean;
  /** What the owner is told of it, and for how long its greeting was kept back. */
  readonly call: (keptBackMs: number | undefined) => string;
  /** It is of this scope from now on. */
  readonly onScope: (scope: string) => void;
  readonly onEnd: () => void;
}

/** How long a socket waits for an owner: twice what the longest change of owners takes. */
const OWNERLESS_MS = 8_000;

/** The target of authentication requests. */
const GREETING = "/_rep/auth";

/** An owner that could not be reached is tried again after this. */
const AGAIN_MS = 100;

/**
 * One caller's WebSocket. Until it has shown whose it is, it is served here; then
 * it belongs to a bot, and goes on where that is owned. When the bot gets another
 * owner it is closed with 1012, which lets its client resume anywhere.
 */
export class DoorSocket implements SocketListener {
  scope: string | undefined;
  readonly #deps: DoorSocketDeps;
  #socket: OpenSocket | undefined;
  #relay: Relay | undefined;
  /** To whom the link leads. */
  #ownerId = "";
  /** Whether the listener of this process has it. */
  #isHere = false;
  #isDecided = false;
  #isClosed = false;
  /** Its client was told to come again, and sends again what it has no answer to. */
  #isRestarted = false;
  #callOff: (() => void) | undefined;
  /** Until when an owner is looked for. */
  #untilMs = 0;
  /** What came before there was an owner to hear it. */
  readonly #unsent: Message[] = [];
  /** When an authentication request among it came. */
  #greetedAtMs: number | undefined;

  constructor(deps: DoorSocketDeps) {
    this.#deps = deps;
  }

  get isRelayed(): boolean {
    return this.#relay !== undefined;
  }

  /** Whether nothing is under way on a relayed socket, as far as its frames tell. */
  get isQuiet(): boolean {
    return this.#relay?.isQuiet ?? false;
  }

  opened(socket: OpenSocket): void {
    this.#socket = socket;
    const { principal } = this.#deps.start;
    if (principal === undefined) return this.#openHere();
    this.#decide(principal);
  }

  received(message: Message): void {
    // Served here it would be done once more where the client comes again.
    if (this.#isRestarted) return;
    if (this.#relay?.isOpen) return this.#relay.send(message);
    if (this.#isDecided && !this.#isHere) return this.#keepBack(message);
    const principal = this.#isDecided ? undefined : this.#shownIn(message);
    if (principal === undefined) return this.#deps.here.received(message);
    this.#keepBack(message);
    this.#decide(principal);
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#callOff?.();
    this.#relay?.callerGone();
    if (this.#isHere) this.#deps.here.closed();
    this.#deps.onEnd();
  }

  /** Its bot has another owner, or none. */
  ownerChanged(): void {
    if (this.scope === undefined) return;
    const owner = this.#deps.owners.ownerOf(this.scope);
    if (this.#isHere && owner.kind !== "self") return this.restart();
    if (this.#isHere) return;
    if (this.#relay === undefined) return this.#connect();
    // Who relays has a link that its owner ends, unless it is gone without a word.
    this.#callOff?.();
    const isFormer = owner.kind === "self" ||
      (owner.kind === "peer" && owner.id !== this.#ownerId);
    if (!isFormer) return;
    this.#callOff = awaitFormerOwner(this.#deps, {
      id: this.#ownerId,
      forMs: Infinity,
      onOver: () => this.restart(),
    });
  }

  /** Has its client come again, here or elsewhere. */
  restart(): void {
    this.#isRestarted = true;
    this.#socket?.close(1012, "restarting");
  }

  /** Whom a message authenticates; undefined where it does not, which is answered here. */
  #shownIn(message: Message): Principal | undefined {
    const { start } = this.#deps;
    try {
      const presented = presentedIn(message, start.origins);
      return presented && start.authorize(presented);
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  #openHere(): void {
    if (this.#isHere || this.#socket === undefined) return;
    this.#isHere = true;
    this.#deps.here.opened(this.#socket, this.#keptBackMs);
  }

  /** For how long its greeting has been kept back; undefined: none is. */
  get #keptBackMs(): number | undefined {
    return this.#greetedAtMs === undefined
      ? undefined
      : this.#deps.clock.nowMs() - this.#greetedAtMs;
  }

  /**
   * A pause hides that a client is gone, so one that has only greeted is read on:
   * it is not to be attached once it is dead. Requests wait unread, and are served
   * though their caller is gone.
   */
  #keepBack(message: Message): void {
    const isGreeting = typeof message === "string" &&
      message.includes(GREETING);
    if (isGreeting) this.#greetedAtMs ??= this.#deps.clock.nowMs();
    this.#unsent.push(message);
    if (!isGreeting || this.#unsent.length > 1) this.#socket?.pause();
  }

  #decide(principal: Principal): void {
    this.#isDecided = true;
    const { owners, clock, here, scopeOf, onScope, mayRelay } = this.#deps;
    this.scope = scopeOf(principal);
    const isOurs = this.scope === undefined ||
      owners.ownerOf(this.scope).kind === "self";
    if (this.scope !== undefined) onScope(this.scope);
    if (isOurs) return this.#goOnHere();
    if (!mayRelay) return this.restart();
    if (this.#isHere) here.closed();
    this.#isHere = false;
    this.#socket?.trust();
    this.#untilMs = clock.nowMs() + OWNERLESS_MS;
    this.#connect();
  }

  #goOnHere(): void {
    this.#openHere();
    this.#socket?.resume();
    for (const message of this.#unsent.splice(0)) {
      this.#deps.here.received(message);
    }
  }

  /** Opens the link to the owner there is, or looks again a little later. */
  #connect(): void {
    const { owners, clock, key, caCertificates, call } = this.#deps;
    const socket = this.#socket;
    this.#callOff?.();
    if (this.#isClosed || socket === undefined || this.scope === undefined) {
      return;
    }
    if (clock.nowMs() >= this.#untilMs) return this.restart();
    const owner = owners.ownerOf(this.scope);
    if (owner.kind === "self") return this.#goOnHere();
    if (owner.kind === "nobody") return this.#connectLater();
    this.#ownerId = owner.id;
    this.#relay = new Relay({
      socket,
      url: owner.url,
      key,
      call: call(this.#keptBackMs),
      caCertificates,
      unsent: this.#unsent,
      onRefused: () => {
        this.#relay = undefined;
        this.#connectLater();
      },
    });
  }

  #connectLater(): void {
    const { clock } = this.#deps;
    const atMs = clock.nowMs() + AGAIN_MS;
    this.#callOff?.();
    this.#callOff = clock.wakeAt(atMs, () => this.#connect());
  }
}
