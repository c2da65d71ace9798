import type { Answer } from "../../domain/answer.ts";
import {
  endedEntry,
  type Guarantee,
  type Outcome,
  type RestoredEntry,
} from "../../domain/entry.ts";
import type { FactSink } from "../../domain/fact.ts";
import { type Journal, NO_JOURNAL } from "../../domain/journal.ts";
import {
  internalRefusal,
  shortenedRefusal,
} from "../../domain/own_refusals.ts";
import type { Clock, Submitter, Ticket } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import type { NamedEntry } from "../../idempotency/named_entries.ts";
import { POLICIES } from "../../idempotency/policies.ts";
import type { NamedRegister } from "../../idempotency/register.ts";
import { faultOf } from "../fault_of.ts";
import { isLeftBehind } from "../left_behind.ts";
import { ownAnswer } from "../own_answer.ts";
import { readWhole } from "../whole_answer.ts";
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
    // No `async` before the request is queued: callers rely on the order of calls.
    handle(request, wish, owner) {
      try {
        named.expire(clock.nowMs());
        const one = findOrBegin(deps, request, wish, owner);
        if (!wish.isAsync) return answerOf(one);
        one.isAsync = true;
        const committed = one.running?.accepted;
        return committed === undefined
          ? Promise.resolve(accepted(one, deps))
          : committed.then(() => accepted(one, deps), () => answerOf(one));
      } catch (error) {
        return Promise.reject(error);
      }
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
  const name = idempotencyKey === undefined
    ? undefined
    : { key: idempotencyKey, identityId: request.identity.id };
  const fingerprint = name === undefined ? "" : deps.fingerprintOf(request);
  const known = named.byName({ owner, name, fingerprint });
  if (known !== undefined) return known;
  if (!named.hasRoom()) {
    throw new Refusal(
      "overloaded",
      `Cannot keep the request: ${named.size} kept ones are under way; wait for some`,
    );
  }
  const guarantee: Guarantee = {
    owner,
    idempotencyKey,
    asyncId: newId(),
    fingerprint,
  };
  const ticket = submitter.submit(request, undefined, guarantee);
  const one = namedOf(request, guarantee, ticket);
  one.isAsync = isAsync;
  named.add(one);
  follow(one, ticket, deps);
  return one;
}

function namedOf(
  { identity }: ProxyRequest,
  { owner, idempotencyKey: key, asyncId = "", fingerprint }: Guarantee,
  running: Ticket | undefined,
): NamedEntry {
  return {
    id: asyncId,
    owner,
    name: key === undefined ? undefined : { key, identityId: identity.id },
    fingerprint,
    running,
    waiters: [],
    outcome: undefined,
    isAsync: true,
    untilMs: 0,
    entry: running?.entry,
  };
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
  const one = namedOf(request, guarantee, ticket);
  named.add(one);
  if (ticket !== undefined) follow(one, ticket, deps);
  else if (outcome !== undefined) {
    one.entry = endedEntry(entry);
    const nowMs = clock.nowMs();
    const restMs = (untilWallMs ?? Infinity) - clock.wallMs();
    const untilMs = nowMs + Math.min(restMs, POLICIES.key.keptMs);
    named.end(one, outcome, nowMs, untilMs);
  }
}

/** Sees a request to its end, which the journal knows before anybody else. */
async function follow(
  one: NamedEntry,
  ticket: Ticket,
  { register: { named }, journal = NO_JOURNAL, clock, facts }:
    NamedRequestsDeps,
): Promise<void> {
  const outcome = await outcomeOf(ticket, facts);
  const { entry } = ticket;
  if (entry !== undefined) {
    if (isLeftBehind(entry, outcome, journal)) return named.leave(one, outcome);
    one.entry = entry;
    try {
      await journal.ended(entry, outcome, POLICIES.key.keptMs);
    } catch {
      // What came of it is true all the same.
    }
  }
  named.end(one, outcome, clock.nowMs());
}

async function outcomeOf(
  { answer }: Ticket,
  facts: FactSink,
): Promise<Outcome> {
  try {
    const { status, headers, body } = await answer;
    const whole = body instanceof ReadableStream
      ? await readWhole({ status, headers, body }, body, ANSWER_BYTES_MAX)
      : { status, headers, body };
    return { kind: "answer", answer: whole };
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refusal", refusal: error };
    facts({ kind: "warning", message: `Fault of our own: ${faultOf(error)}` });
    return { kind: "refusal", refusal: internalRefusal(null) };
  }
}

/** The stored answer, or the one that is to come. */
function answerOf({ outcome, waiters }: NamedEntry): Promise<Answer> {
  if (outcome !== undefined) return given(outcome);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  waiters.push(resolve);
  return promise.then(given);
}

function given(outcome: Outcome): Promise<Answer> {
  switch (outcome.kind) {
    case "answer":
      return Promise.resolve(outcome.answer);
    case "refusal":
      return Promise.reject(outcome.refusal);
    case "shortened":
      return Promise.reject(shortenedRefusal(outcome.status));
  }
}

/** What a caller gets who asks for `/_rep/requests/<id>`. */
function answerFor(
  one: NamedEntry | undefined,
  method: string,
  deps: NamedRequestsDeps,
): Promise<Answer> {
  if (one === undefined) {
    return refused(
      "no_such_target",
      "No such request: it was never taken with this key, or is no longer kept",
    );
  }
  if (method === "GET") {
    return one.running === undefined
      ? answerOf(one)
      : Promise.resolve(accepted(one, deps));
  }
  if (method === "DELETE") {
    const state = one.running?.cancel() ?? "done";
    return Promise.resolve(
      state === "cancelled"
        ? ownAnswer(200, { cancelled: true }, "kept")
        : ownAnswer(200, { cancelled: false, state }, "kept"),
    );
  }
  return refused(
    "bad_method",
    `Cannot ${method.slice(0, 20)} a kept request: GET or DELETE it`,
  );
}

function refused(
  code: "no_such_target" | "bad_method",
  message: string,
): Promise<Answer> {
  return Promise.reject(new Refusal(code, message));
}

/** A second is soon enough to ask again, and late enough not to be a burden. */
const ASK_AGAIN: readonly [string, string] = ["retry-after", "1"];

/** The word that it was taken, and where its answer will be. */
function accepted(
  { id, running }: NamedEntry,
  { journal = NO_JOURNAL }: Pick<NamedRequestsDeps, "journal">,
): Answer {
  const location = `/_rep/requests/${id}`;
  // Whether the answer will be there after a restart, too.
  const durable = running?.entry !== undefined && journal.keeps(running.entry);
  return ownAnswer(202, { id, state: "waiting", location, durable }, "kept", [
    ["location", location],
    ["preference-applied", "respond-async"],
    ASK_AGAIN,
  ]);
}
