import { ALL_RIGHTS, type KeyRights } from "../domain/access.ts";
import { isKeyless, keyNameOf } from "../domain/caller.ts";
import { type FactSink, refusedFact } from "../domain/fact.ts";
import type { CallerGone, Clock, Submitter, Ticket } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { isWithinRoutes } from "../domain/route_pattern.ts";
import { KeyUse } from "./key_use.ts";
import type { KeyRing } from "./key_ring.ts";

/** As much of a request as has to be known to let it in. */
type Asked = Pick<ProxyRequest, "method" | "target" | "route" | "caller">;

/**
 * Where the queue begins for every transport: holds each key to what it may do
 * and to its own bounds.
 */
export interface KeyGate extends Submitter {
  /**
   * Says before a request's body is read whether it may come in, and holds its
   * place meanwhile. Refuses as `submit` would; the place is given back by
   * calling what is returned, undefined for a key that is bound by nothing.
   */
  enter(asked: Asked): (() => void) | undefined;
}

/** What a key gate is made with. */
export interface KeyGateDeps {
  readonly submitter: Submitter;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly facts: FactSink;
  /** Requests without an answer that all callers without a key may have together. */
  readonly keylessMax: number;
}

/** Makes the gate in front of the queue. */
export function createKeyGate(deps: KeyGateDeps): KeyGate {
  return new Gate(deps);
}

class Gate implements KeyGate {
  readonly #deps: KeyGateDeps;
  readonly #keylessRights: KeyRights;
  /** By the key's name; only keys of the ring have one, so there are few. */
  readonly #uses = new Map<string, KeyUse>();

  constructor(deps: KeyGateDeps) {
    this.#deps = deps;
    this.#keylessRights = { ...ALL_RIGHTS, concurrency: deps.keylessMax };
  }

  enter(asked: Asked): (() => void) | undefined {
    const rights = this.#rightsOf(asked.caller);
    if (isUnbound(rights)) return undefined;
    const name = keyNameOf(asked.caller);
    checkRights(name, rights, asked);
    return this.#useOf(name).enter(rights, this.#deps.clock.nowMs());
  }

  submit(request: ProxyRequest, callerGone?: CallerGone): Ticket {
    const { submitter, clock } = this.#deps;
    const rights = this.#rightsOf(request.caller);
    if (isUnbound(rights)) return submitter.submit(request, callerGone);
    const name = keyNameOf(request.caller);
    try {
      checkRights(name, rights, request);
      const use = this.#useOf(name);
      const leave = use.enter(rights, clock.nowMs());
      use.spend(rights, clock.nowMs());
      const ticket = submitter.submit(held(request, rights), callerGone);
      ticket.answer.then(leave, leave);
      return ticket;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.#refuse(request, error);
    }
  }

  /** Undefined where nothing has to be looked up, as with one key and callers that know it. */
  #rightsOf(caller: string): KeyRights | undefined {
    if (isKeyless(caller)) return this.#keylessRights;
    const { keys } = this.#deps;
    return keys.hasBounds ? keys.rightsOf(keyNameOf(caller)) : undefined;
  }

  #useOf(name: string): KeyUse {
    let use = this.#uses.get(name);
    if (use === undefined) {
      use = new KeyUse(name);
      this.#uses.set(name, use);
    }
    return use;
  }

  #refuse(request: ProxyRequest, refusal: Refusal): Ticket {
    this.#deps.facts(refusedFact(request, refusal));
    const answer = Promise.reject(refusal);
    // Whoever asked may have left before it hears of it.
    answer.catch(nothing);
    return { answer, cancel: () => "done" };
  }
}

/** True for most callers: those of `REST_AUTHORIZATION`, and those that show the bot's token. */
function isUnbound(
  rights: KeyRights | undefined,
): rights is undefined | typeof ALL_RIGHTS {
  return rights === undefined || rights === ALL_RIGHTS;
}

function checkRights(name: string, rights: KeyRights, asked: Asked): void {
  const { method, target, route } = asked;
  if (rights.isReadOnly && method !== "GET") {
    throw new Refusal(
      "forbidden",
      `Cannot send ${route.label}: key ${name} may only read`,
    );
  }
  if (rights.routes === undefined) return;
  if (isWithinRoutes(rights.routes, method, target.path)) return;
  throw new Refusal(
    "forbidden",
    `Cannot send ${route.label}: it is not among the routes of key ${name}`,
  );
}

/** The request, no more urgent than its key may be. */
function held(request: ProxyRequest, { urgency }: KeyRights): ProxyRequest {
  return request.urgency >= urgency ? request : { ...request, urgency };
}

function nothing(): void {}
