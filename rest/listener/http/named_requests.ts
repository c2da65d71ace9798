import type { Answer } from "../../domain/answer.ts";
import {
  type Guarantee,
  type Outcome,
  refOf,
  type RestoredEntry,
} from "../../domain/entry.ts";
import type { FactSink } from "../../domain/fact.ts";
import { invariant } from "../../domain/invariant.ts";
import { type Journal, NO_JOURNAL } from "../../domain/journal.ts";
import { shortenedRefusal } from "../../domain/own_refusals.ts";
import type { Clock, Submitter, Ticket } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { NO_OUTCOME } from "../../idempotency/kept_outcomes.ts";
import type { NamedEntry } from "../../idempotency/named_entries.ts";
import { POLICIES } from "../../idempotency/policies.ts";
import type { NamedRegister } from "../../idempotency/register.ts";
import { isLeftBehind } from "../left_behind.ts";
import { outcomeOf } from "../outcome_of.ts";
import { ownAnswer } from "../own_answer.ts";
import type { KeepWish } from "./keep_wish.ts";

/** What named requests are made with. */
export interface NamedRequestsDeps {
  readonly submitter: Submitter;
  readonly register: NamedRegister;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly journal?: Journal | undefined;
  /** Names a request so that nobody can guess it. */
  readonly newId: () => string;
  /** Equal for a request that is sent again, and for no other; of multipart bodies the boundary must not count. */
  readonly fingerprintOf: (request: ProxyRequest) => string;
}

/** What HTTP callers have of the promises of a session: once per key, and answers that wait. */
export interface NamedRequests {
  /**
   * Sends a request as its caller wishes it kept (I8, D4). Queued before this
   * returns. The caller leaving changes nothing: it can come back for the answer.
   * Rejects with `Refusal` only.
   */
  handle(request: ProxyRequest, wish: KeepWish, owner: string): Promise<Answer>;
  /**
   * Answers `/_rep/requests/<id>`; undefined for any other target. `owner` is
   * the caller's key and token, as with `handle`.
   */
  answerAt(
    method: string,
    target: string,
    owner: string,
  ): Promise<Answer> | undefined;
  /** Takes up a request of another process, which waits again (`ticket`) or is through. */
  restore(restored: RestoredEntry, ticket: Ticket | undefined): void;
}

/** An answer is held whole, to be given more than once; Discord's largest is far below. */
const ANSWER_BYTES_MAX = 32 * 1_048_576;

const OWN_PATH = /^\/_rep\/requests\/([A-Za-z0-9-]{1,64})(?:\?|$)/;

/** Makes the way in for requests that callers give a name. */
export function createNamedRequests(deps: NamedRequestsDeps): NamedRequests {
  const { clock, register: { named } } = deps;
  return {
    async handle(request, wish, owner) {
      // Nothing is awaited before the request is queued: callers rely on the order of calls.
      named.expire(clock.nowMs());
      const one = findOrBegin(deps, request, wish, owner);
      if (!wish.isAsync) return answerOf(one);
      one.isAsync = true;
      try {
        await one.running?.ticket.accepted;
      } catch {
        return answerOf(one);
      }
      return accepted(one, deps);
    },
    restore: (restored, ticket) => restore(restored, ticket, deps),
    answerAt(method, target, owner) {
      const id = OWN_PATH.exec(target)?.[1];
      if (id === undefined) return undefined;
      named.expire(clock.nowMs());
      return answerFor(named.byId(owner, id), method, deps);
    },
  };
}

/** The request that was sent under this key before, or a new one. */
function findOrBegin(
  deps: NamedRequestsDeps,
  request: ProxyRequest,
  { idempotencyKey, isAsync }: KeepWish,
  owner: string,
): NamedEntry {
  const { register: { named }, submitter, newId } = deps;
  const identityId = request.identity.id;
  const fingerprint = idempotencyKey === undefined
    ? ""
    : deps.fingerprintOf(request);
  const name = { owner, idempotencyKey, identityId, fingerprint };
  const known = named.byName(name);
  if (known !== undefined) return known;
  if (!named.hasRoom()) {
    throw new Refusal(
      "overloaded",
      `Cannot keep the request: ${named.size} kept ones are under way; wait for some`,
    );
  }
  const asyncId = newId();
  const guarantee = { owner, idempotencyKey, asyncId, fingerprint };
  const ticket = submitter.submit(request, undefined, guarantee);
  return add({ request, guarantee }, { isAsync, ticket }, deps);
}

/** Notes a request under its names, and sees it to its end (`ticket`) where it is under way. */
function add(
  { request, guarantee }: {
    readonly request: ProxyRequest;
    readonly guarantee: Guarantee;
  },
  { isAsync, ticket }: {
    readonly isAsync: boolean;
    readonly ticket: Ticket | undefined;
  },
  deps: NamedRequestsDeps,
): NamedEntry {
  const { asyncId = "" } = guarantee;
  const one: NamedEntry = {
    ...guarantee,
    asyncId,
    identityId: request.identity.id,
    isAsync,
    running: undefined,
    ...NO_OUTCOME,
  };
  if (ticket !== undefined) {
    one.running = { ticket, outcome: follow(one, ticket, deps) };
  }
  deps.register.named.add(one);
  return one;
}

/** Takes up a request of another process, which waits again (`ticket`) or is through. */
function restore(
  { entry, outcome, untilWallMs }: RestoredEntry,
  ticket: Ticket | undefined,
  deps: NamedRequestsDeps,
): void {
  const { clock, register: { named } } = deps;
  const { request, guarantee } = entry;
  if (guarantee === undefined || !named.hasRoom()) return;
  const one = add({ request, guarantee }, { isAsync: true, ticket }, deps);
  if (ticket !== undefined || outcome === undefined) return;
  one.entry = refOf(entry);
  const restMs = (untilWallMs ?? Infinity) - clock.wallMs();
  const keptMs = Math.min(restMs, POLICIES.key.keptMs);
  named.end(one, outcome, clock.nowMs() + keptMs);
}

/** Sees a request to its end, which the journal knows before anybody else. */
async function follow(
  one: NamedEntry,
  ticket: Ticket,
  { register: { named }, journal = NO_JOURNAL, clock, facts }:
    NamedRequestsDeps,
): Promise<Outcome> {
  const maxBytes = ANSWER_BYTES_MAX;
  const outcome = await outcomeOf(ticket, { maxBytes, facts });
  const { entry } = ticket;
  const { keptMs } = POLICIES.key;
  if (entry !== undefined) {
    if (isLeftBehind(entry, outcome, journal)) {
      named.remove(one);
      return outcome;
    }
    one.entry = refOf(entry);
    try {
      await journal.ended(entry, outcome, keptMs);
    } catch {
      // What came of it is true all the same.
    }
  }
  named.end(one, outcome, clock.nowMs() + keptMs);
  return outcome;
}

/** The stored answer, or the one that is to come. */
async function answerOf({ outcome, running }: NamedEntry): Promise<Answer> {
  const end = outcome ?? await running?.outcome;
  invariant(end !== undefined, "a kept request neither runs nor is through");
  switch (end.kind) {
    case "answer":
      return end.answer;
    case "refusal":
      throw end.refusal;
    case "shortened":
      throw shortenedRefusal(end.status);
  }
}

/** What a caller gets who asks for `/_rep/requests/<id>`. */
async function answerFor(
  one: NamedEntry | undefined,
  method: string,
  deps: NamedRequestsDeps,
): Promise<Answer> {
  if (one === undefined) {
    throw new Refusal(
      "no_such_target",
      "No such request: it was never taken with this key, or is no longer kept",
    );
  }
  if (method === "GET") {
    return one.running === undefined
      ? await answerOf(one)
      : accepted(one, deps);
  }
  if (method === "DELETE") {
    const state = one.running?.ticket.cancel() ?? "done";
    return state === "cancelled"
      ? ownAnswer(200, { cancelled: true }, "kept")
      : ownAnswer(200, { cancelled: false, state }, "kept");
  }
  throw new Refusal(
    "bad_method",
    `Cannot ${method.slice(0, 20)} a kept request: GET or DELETE it`,
  );
}

/** A second is soon enough to ask again, and late enough not to be a burden. */
const ASK_AGAIN: readonly [string, string] = ["retry-after", "1"];

/** The word that it was taken, and where its answer will be. */
function accepted(
  { asyncId: id, running }: NamedEntry,
  { journal = NO_JOURNAL }: Pick<NamedRequestsDeps, "journal">,
): Answer {
  const entry = running?.ticket.entry;
  const location = `/_rep/requests/${id}`;
  // Whether the answer will be there after a restart, too.
  const durable = entry !== undefined && journal.keeps(entry);
  return ownAnswer(202, { id, state: "waiting", location, durable }, "kept", [
    ["location", location],
    ["preference-applied", "respond-async"],
    ASK_AGAIN,
  ]);
}
