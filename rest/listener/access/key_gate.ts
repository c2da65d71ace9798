import { ALL_RIGHTS, type KeyRights } from "../../domain/access.ts";
import { isKeyless, keyNameOf } from "../../domain/caller.ts";
import type { Guarantee } from "../../domain/entry.ts";
import { type FactSink, refusedFact } from "../../domain/fact.ts";
import type {
  CallerGone,
  Clock,
  Submitter,
  Ticket,
} from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { isWithinRoutes } from "../../domain/route_pattern.ts";
import { type WaitRule, withRule } from "../../domain/wait_rule.ts";
import { KeyUse } from "./key_use.ts";
import type { KeyRing } from "./key_ring.ts";

/** The part of a request that decides whether it is admitted. */
type Asked = Pick<ProxyRequest, "method" | "target" | "route" | "caller">;

/**
 * The entrance to the queue for every transport: it enforces each key's rights
 * and bounds, and the share of callers without a key.
 */
export interface KeyGate extends Submitter {
  /**
   * Decides before a request's body is read whether it is admitted, and reserves
   * its place. Refuses as `submit` would. Calling the result gives the place
   * back; undefined where the key has no bounds.
   */
  enter(asked: Asked): (() => void) | undefined;
  /** Replaces the rules for all. */
  replaceRules(rules: readonly WaitRule[]): void;
}

/** What a key gate is made with. */
export interface KeyGateDeps {
  readonly submitter: Submitter;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly facts: FactSink;
  /** Requests without an answer that all callers without a key may have together. */
  readonly keylessMax: number;
  /** The rules for all; those of a request's key come first. */
  readonly rules?: readonly WaitRule[] | undefined;
}

/** Makes the gate in front of the queue. */
export function createKeyGate(deps: KeyGateDeps): KeyGate {
  return new Gate(deps);
}

class Gate implements KeyGate {
  readonly #deps: KeyGateDeps;
  readonly #keylessRights: KeyRights;
  /** By the key's name. There are as many as keys in the ring, and one more. */
  readonly #uses = new Map<string, KeyUse>();
  #rules: readonly WaitRule[];

  constructor(deps: KeyGateDeps) {
    this.#deps = deps;
    this.#rules = deps.rules ?? [];
    this.#keylessRights = {
      ...ALL_RIGHTS,
      isAdmin: false,
      concurrency: deps.keylessMax,
    };
  }

  enter(asked: Asked): (() => void) | undefined {
    const rights = this.#rightsOf(asked.caller);
    if (isUnbound(rights)) return undefined;
    const name = keyNameOf(asked.caller);
    checkRights(name, rights, asked);
    return this.#useOf(name).enter(rights, this.#deps.clock.nowMs());
  }

  submit(
    request: ProxyRequest,
    callerGone?: CallerGone,
    guarantee?: Guarantee,
  ): Ticket {
    const { submitter, clock } = this.#deps;
    const rights = this.#rightsOf(request.caller);
    const ruled = this.#ruled(request, rights);
    if (isUnbound(rights)) {
      return submitter.submit(ruled, callerGone, guarantee);
    }
    const name = keyNameOf(request.caller);
    try {
      checkRights(name, rights, request);
      const use = this.#useOf(name);
      const leave = use.enter(rights, clock.nowMs());
      use.spend(rights, clock.nowMs());
      const ticket = submitter.submit(
        withAllowedUrgency(ruled, rights),
        callerGone,
        guarantee,
      );
      ticket.answer.then(leave, leave);
      return ticket;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.#refuse(request, error);
    }
  }

  /** Undefined where nothing bounds the caller, as with a single key. */
  #rightsOf(caller: string): KeyRights | undefined {
    if (isKeyless(caller)) return this.#keylessRights;
    const { keys } = this.#deps;
    return keys.hasBounds ? keys.rightsOf(keyNameOf(caller)) : undefined;
  }

  replaceRules(rules: readonly WaitRule[]): void {
    this.#rules = rules;
  }

  /** As the key's first rule that fits wants it, or else the first one for all. */
  #ruled(request: ProxyRequest, rights: KeyRights | undefined): ProxyRequest {
    const own = rights?.rules ?? [];
    if (own.length + this.#rules.length === 0) return request;
    return withRule(request, [...own, ...this.#rules]);
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
    // The caller may have left, and then nobody awaits it.
    answer.catch(nothing);
    return { answer, cancel: () => "done" };
  }
}

/** Whether nothing bounds a caller: it uses `REST_AUTHORIZATION` or a configured bot's token. */
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

/** The request with an urgency that its key allows. */
function withAllowedUrgency(
  request: ProxyRequest,
  { urgency }: KeyRights,
): ProxyRequest {
  return request.urgency >= urgency ? request : { ...request, urgency };
}

function nothing(): void {}
