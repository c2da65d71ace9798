import type { Answer } from "../domain/answer.ts";
import { type FactSink, refusedFact } from "../domain/fact.ts";
import { Leaving } from "../domain/leaving.ts";
import type { Owner, Owners } from "../domain/owners.ts";
import { cancelledRefusal, drainingRefusal } from "../domain/own_refusals.ts";
import type {
  CallerGone,
  Clock,
  LeaveListener,
  Ticket,
} from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { ProxyRequest } from "../domain/request.ts";
import {
  type Attempt,
  doubtRefusal,
  mayBeHandedOnAgain,
  outcomeOf,
  ownerlessRefusal,
} from "./attempt.ts";
import { awaitFormerOwner, FORMER_OWNER_MS } from "./former_owner.ts";
import { News } from "./news.ts";
import type { Turn } from "./order_lines.ts";
import { type HandedOn, peerRequestOf } from "./peer_call.ts";
import type { PeerClient, PeerExchange } from "./peer_client.ts";

/** What one forwarded request needs. */
export interface ForwardedDeps {
  readonly owners: Owners;
  /** Whether the next owner finds again what callers gave a name, so that it is safe to ask it for the same. */
  readonly isJournalShared: boolean;
  readonly peers: PeerClient;
  readonly clock: Clock;
  readonly facts: FactSink;
  /** The longest wait for an owner. */
  readonly maxWaitMs: number;
  /** How long an answer of Discord's may take, and so a request at a proxy that is its owner no more. */
  readonly upstreamTimeoutMs: number;
  /** Told where a proxy that is not the owner says that the owner is; undefined: it could not tell, or not be reached. */
  readonly learn?:
    | ((scope: string, url: string | undefined) => void)
    | undefined;
  readonly onEnd: () => void;
}

/** What is handed on. */
export interface Handed extends HandedOn {
  /** Whose owner it is for. */
  readonly scope: string;
  /** Has it served in this process, which may have become its owner. */
  readonly here: (callerGone: CallerGone) => Pick<Ticket, "answer" | "cancel">;
}

/**
 * How soon an owner is asked again that could not be reached, or that says it
 * is none: a hand-over takes a fraction of a second, and its news may be late.
 */
const AGAIN_MS = 50;

type Phase = "waiting" | "handed on" | "accepted" | "over";

/**
 * A request on its way to the owner of its scope.
 *
 * It waits for its turn in its order group and for an owner, is handed on, and
 * is over with an answer or a refusal. It is handed on again only where that can
 * do no harm. A read ends when its caller leaves; a write goes on, and its owner
 * learns of the leaving as soon as it has accepted the write.
 */
export class ForwardedRequest implements Ticket, LeaveListener {
  readonly answer: Promise<Answer>;
  readonly #settling = Promise.withResolvers<Answer>();
  readonly #request: ProxyRequest;
  readonly #handed: Handed;
  readonly #deps: ForwardedDeps;
  readonly #cameAtMs: number;
  #phase: Phase = "waiting";
  #turn: Turn | undefined;
  #exchange: PeerExchange | undefined;
  /** Who has it. */
  #ownerId: string | undefined;
  /** How to call off the end of an exchange with a proxy that is its owner no more. */
  #callOffGrace: (() => void) | undefined;
  #atHome: Pick<Ticket, "cancel"> | undefined;
  #callerGone: CallerGone | undefined;
  readonly #leaving = new Leaving();
  /** Of its owner. */
  readonly #news = new News();

  constructor(handed: Handed, deps: ForwardedDeps) {
    this.#handed = handed;
    this.#request = handed.request;
    this.#deps = deps;
    this.#cameAtMs = deps.clock.nowMs();
    this.answer = this.#settling.promise;
    // Its caller may have left, and then nobody listens.
    this.answer.catch(() => {});
  }

  get scope(): string {
    return this.#handed.scope;
  }

  get isWaiting(): boolean {
    return this.#phase === "waiting";
  }

  /** Listens for the caller's leaving, which may have happened already. */
  watch(callerGone: CallerGone | undefined): void {
    if (callerGone === undefined) return;
    if (callerGone.aborted) return this.handleEvent();
    this.#callerGone = callerGone;
    callerGone.addEventListener("abort", this);
  }

  /** Its turn has come. */
  begin(turn: Turn | undefined): void {
    this.#turn = turn;
    if (this.#phase === "over") return turn?.end();
    void this.#run();
  }

  cancel(): "cancelled" | "sent" | "done" {
    if (this.#phase === "over") return "done";
    if (this.#atHome !== undefined) return this.#atHome.cancel();
    // What another proxy has may have left.
    if (this.#phase !== "waiting") return "sent";
    this.#refuse(cancelledRefusal({ sent: false }));
    return "cancelled";
  }

  /** Called when its caller has left. */
  handleEvent(): void {
    this.#callerGone?.removeEventListener("abort", this);
    this.#leaving.tell();
    if (this.#atHome !== undefined) return;
    const isRead = this.#request.method === "GET";
    if (isRead || this.#phase === "accepted") this.#leave();
  }

  /** Its scope has another owner, or none. */
  ownerChanged(): void {
    if (this.#exchange === undefined) return this.#news.tell();
    const { owners, upstreamTimeoutMs } = this.#deps;
    const now = owners.ownerOf(this.scope);
    const isSame = now.kind === "peer" && now.id === this.#ownerId;
    if (now.kind === "nobody" || isSame) return;
    // A proxy that is the owner no more gives back what it has not sent, and
    // answers what it has. One that says nothing has stopped.
    const isRead = this.#request.method === "GET";
    this.#callOffGrace ??= awaitFormerOwner(this.#deps, {
      id: this.#ownerId ?? "",
      forMs: FORMER_OWNER_MS + (isRead ? 0 : upstreamTimeoutMs),
      onOver: () => this.#exchange?.abort(),
    });
  }

  /** The process ends. */
  giveUp(): void {
    this.#abandon(drainingRefusal(this.#sent));
  }

  /** Lets its owner see that nobody waits for it. */
  #leave(): void {
    this.#abandon(cancelledRefusal({ sent: this.#sent }));
  }

  #abandon(refusal: Refusal): void {
    this.#exchange?.abort();
    this.#refuse(refusal);
  }

  get #sent(): false | null {
    return this.#phase === "waiting" ? false : null;
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    try {
      while (this.#phase !== "over") {
        const owner = await this.#owner();
        if (owner === undefined) return;
        if (owner.kind === "self") return this.#queueAtHome();
        if (await this.#tryAt(owner)) return;
        this.#phase = "waiting";
        this.#checkTime();
        await this.#news.until(clock, clock.nowMs() + AGAIN_MS);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#deps.facts(refusedFact(this.#request, error));
      this.#refuse(error);
    }
  }

  /** Hands it on once; true when that was its end. */
  async #tryAt(owner: Extract<Owner, { kind: "peer" }>): Promise<boolean> {
    const { learn, isJournalShared } = this.#deps;
    const attempt = await this.#handOn(owner);
    if (this.#phase === "over") return true;
    if (attempt.kind === "answer") {
      this.#end();
      this.#settling.resolve(attempt.answer);
      return true;
    }
    if (attempt.kind === "refused") {
      this.#refuse(attempt.refusal);
      return true;
    }
    learn?.(this.scope, attempt.ownerUrl);
    const { method } = this.#request;
    const isNamed = isJournalShared &&
      this.#handed.kept?.wish.idempotencyKey !== undefined;
    if (mayBeHandedOnAgain(method, isNamed, attempt.failed)) return false;
    throw doubtRefusal();
  }

  /** The owner there is, or the next one; refuses where none comes in time. */
  async #owner(): Promise<Exclude<Owner, { kind: "nobody" }> | undefined> {
    while (this.#phase !== "over") {
      const owner = this.#deps.owners.ownerOf(this.scope);
      if (owner.kind !== "nobody") return owner;
      this.#checkTime();
      await this.#news.until(this.#deps.clock, this.#untilMs);
    }
    return undefined;
  }

  /** Until when it may wait for an owner that takes it. */
  get #untilMs(): number {
    const { maxWaitMs } = this.#deps;
    const { leaveWithinMs = maxWaitMs } = this.#request;
    return this.#cameAtMs + Math.min(leaveWithinMs, maxWaitMs);
  }

  #checkTime(): void {
    const { clock, maxWaitMs } = this.#deps;
    if (clock.nowMs() < this.#untilMs) return;
    const { leaveWithinMs = maxWaitMs } = this.#request;
    const isShort = leaveWithinMs < maxWaitMs;
    throw ownerlessRefusal(isShort ? "deadline" : "wait_too_long");
  }

  async #handOn(owner: Extract<Owner, { kind: "peer" }>): Promise<Attempt> {
    const { peers, clock, owners } = this.#deps;
    const waitedMs = clock.nowMs() - this.#cameAtMs;
    this.#phase = "handed on";
    const exchange = peers.send(
      peerRequestOf({ url: owner.url, owners, waitedMs }, this.#handed),
      () => this.#accepted(),
    );
    this.#exchange = exchange;
    this.#ownerId = owner.id;
    const attempt = await outcomeOf(exchange.answer);
    this.#exchange = undefined;
    this.#callOffGrace?.();
    this.#callOffGrace = undefined;
    return attempt;
  }

  /** It is in its owner's queue: the next one may follow, and a caller that has left may be told of. */
  #accepted(): void {
    if (this.#phase !== "handed on") return;
    this.#phase = "accepted";
    this.#turn?.end();
    if (this.#leaving.aborted) this.#leave();
  }

  #queueAtHome(): void {
    const ticket = this.#handed.here(this.#leaving);
    this.#atHome = ticket;
    this.#phase = "accepted";
    this.#turn?.end();
    ticket.answer.then(
      (answer) => {
        this.#end();
        this.#settling.resolve(answer);
      },
      (refusal) => this.#refuse(refusal),
    );
  }

  #refuse(refusal: Refusal): void {
    if (this.#phase === "over") return;
    this.#end();
    this.#settling.reject(refusal);
  }

  #end(): void {
    this.#phase = "over";
    this.#callerGone?.removeEventListener("abort", this);
    this.#turn?.end();
    this.#news.tell();
    this.#deps.onEnd();
  }
}
