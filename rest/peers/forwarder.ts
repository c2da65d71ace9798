import type { Answer } from "../domain/answer.ts";
import type { Guarantee } from "../domain/entry.ts";
import { refusedFact } from "../domain/fact.ts";
import type { DoorFigures } from "../domain/owners.ts";
import { drainingRefusal } from "../domain/own_refusals.ts";
import type { CallerGone, Submitter, Ticket } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Method, ProxyRequest } from "../domain/request.ts";
import { doubtRefusal, isGivenBack, mayBeHandedOnAgain } from "./attempt.ts";
import {
  type ForwardedDeps,
  ForwardedRequest,
  type Handed,
} from "./forwarded_request.ts";
import { Lookout } from "./lookout.ts";
import { OrderLines } from "./order_lines.ts";
import type { Kept } from "./peer_call.ts";

/** What a forwarder is made with. */
export interface ForwarderDeps extends Omit<ForwardedDeps, "onEnd"> {
  /** The queue of this proxy. */
  readonly local: Submitter;
  /** Requests that may be on their way through this door at once. */
  readonly openMax: number;
}

/**
 * Stands before the queue of each of several proxies: a request goes into our
 * own queue if we own its scope, and otherwise to its owner's.
 */
export class Forwarder implements Submitter {
  readonly #deps: ForwarderDeps;
  readonly #lookout: Lookout;
  readonly #lines = new OrderLines();
  readonly #open = new Set<ForwardedRequest>();
  #onEmpty: (() => void) | undefined;
  #hasEnded = false;

  constructor(deps: ForwarderDeps) {
    this.#deps = deps;
    this.#lookout = new Lookout(
      deps.owners,
      (scope) => this.#tellOwnerChanged(scope),
    );
  }

  submit(
    request: ProxyRequest,
    callerGone?: CallerGone,
    guarantee?: Guarantee,
  ): Ticket {
    const here = (gone = callerGone) =>
      this.#queueHere(request, gone, guarantee);
    // Its client, sent to the next owner, asks there again: handed on as well, it would be done twice.
    if (this.#deps.isJournalShared && isAskedAgain(guarantee)) return here();
    return this.#handOn({ request, kept: undefined, here }, callerGone) ??
      here();
  }

  /** The same for a request whose caller wants it kept: `keepHere` keeps it in this process. */
  async keep(
    request: ProxyRequest,
    kept: Kept,
    keepHere: () => Promise<Answer>,
  ): Promise<Answer> {
    const elsewhere = () => this.keep(request, kept, keepHere);
    const { isJournalShared } = this.#deps;
    // Without a name of its caller's the next owner could not tell that it is the same.
    const isSame = kept.wish.idempotencyKey !== undefined || !isJournalShared;
    const here = () => ({
      answer: isSame
        ? this.#unlessMoved(request, keepHere(), elsewhere)
        : keepHere(),
      cancel: () => "sent" as const,
    });
    const ticket = this.#handOn({ request, kept, here }, undefined) ?? here();
    return await ticket.answer;
  }

  #queueHere(
    request: ProxyRequest,
    callerGone: CallerGone | undefined,
    guarantee: Guarantee | undefined,
  ): Ticket {
    const { local, isJournalShared } = this.#deps;
    let ticket = local.submit(request, callerGone, guarantee);
    // The next owner finds it in the journal: asked for once more, it would be done twice.
    if (guarantee !== undefined && isJournalShared) return ticket;
    const { accepted, entry } = ticket;
    const elsewhere = () => {
      ticket = this.submit(request, callerGone, guarantee);
      return ticket.answer;
    };
    const answer = this.#unlessMoved(request, ticket.answer, elsewhere);
    return { accepted, entry, answer, cancel: () => ticket.cancel() };
  }

  /** What our own queue gives back because another proxy owns it by now goes there. */
  async #unlessMoved(
    request: ProxyRequest,
    answer: Promise<Answer>,
    elsewhere: () => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      const isMoved = error instanceof Refusal && isGivenBack(error) &&
        this.#isElsewhere(request);
      if (!isMoved) throw error;
      if (mayGoElsewhere(request.method, error)) return await elsewhere();
      throw doubtRefusal();
    }
  }

  #isElsewhere(request: ProxyRequest): boolean {
    const { owners } = this.#deps;
    const scope = owners.scopeOf(request);
    return scope !== undefined && owners.ownerOf(scope).kind !== "self";
  }

  /** Undefined: it is ours, or nobody has to own it. */
  #handOn(
    handed: Omit<Handed, "scope">,
    callerGone: CallerGone | undefined,
  ): Ticket | undefined {
    const { owners, openMax } = this.#deps;
    const { request } = handed;
    const scope = owners.scopeOf(request);
    if (scope === undefined) return undefined;
    const group = groupOf(request);
    // Who comes while others of its group look for an owner stays behind them.
    const isBehind = group !== undefined && this.#lines.has(group);
    if (!isBehind && owners.ownerOf(scope).kind === "self") return undefined;
    if (this.#hasEnded) return this.#refuse(request, drainingRefusal());
    if (this.#open.size >= openMax) {
      return this.#refuse(request, crowdedRefusal(openMax));
    }
    return this.#forward({ ...handed, scope }, group, callerGone);
  }

  figures(): DoorFigures {
    let waiting = 0;
    for (const { isWaiting } of this.#open) if (isWaiting) waiting++;
    return { waiting, handedOn: this.#open.size - waiting };
  }

  /** Settles when nothing is under way through this door. */
  async whenIdle(): Promise<void> {
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    await promise;
  }

  /** The process ends: what is under way is refused, and nothing is taken any more. */
  end(): void {
    this.#hasEnded = true;
    for (const forwarded of [...this.#open]) forwarded.giveUp();
  }

  #forward(
    handed: Handed,
    group: string | undefined,
    callerGone: CallerGone | undefined,
  ): ForwardedRequest {
    const forwarded = new ForwardedRequest(handed, {
      ...this.#deps,
      onEnd: () => {
        this.#open.delete(forwarded);
        if (this.#open.size === 0) this.#onEmpty?.();
      },
    });
    this.#open.add(forwarded);
    this.#lookout.watch(handed.scope);
    forwarded.watch(callerGone);
    if (group === undefined) forwarded.begin(undefined);
    else this.#lines.enter(group, (turn) => forwarded.begin(turn));
    return forwarded;
  }

  /** Returns whether any request is on its way to this scope. */
  #tellOwnerChanged(scope: string): boolean {
    const those = [...this.#open].filter((one) => one.scope === scope);
    for (const forwarded of those) forwarded.ownerChanged();
    return those.length > 0;
  }

  #refuse(request: ProxyRequest, refusal: Refusal): Ticket {
    this.#deps.facts(refusedFact(request, refusal));
    const answer = Promise.reject(refusal);
    answer.catch(() => {});
    return { answer, cancel: () => "done" };
  }
}

/** Requests with the same one leave one after the other; undefined: it has no order. */
function groupOf({ identity, route, isOrdered }: ProxyRequest) {
  return isOrdered && route.orderKey !== undefined
    ? `${identity.id} ${route.orderKey} ${route.orderPlace}`
    : undefined;
}

/** Whether its session goes to the next owner, and its client asks for it anew where it finds that. */
function isAskedAgain(guarantee: Guarantee | undefined): boolean {
  const { session, reqKey } = guarantee?.frame ?? {};
  return session !== undefined && reqKey !== undefined;
}

function mayGoElsewhere(method: Method, { sent }: Refusal): boolean {
  const isNamed = false;
  const failed = sent === false ? "not accepted" : "in doubt";
  return mayBeHandedOnAgain(method, isNamed, failed);
}

function crowdedRefusal(openMax: number): Refusal {
  return new Refusal(
    "overloaded",
    `Cannot hand the request on: ${openMax} are under way to other proxies (REST_QUEUE_LIMIT)`,
  );
}
