import type { Answer } from "../../domain/answer.ts";
import { internalRefusal } from "../../domain/own_refusals.ts";
import type { Clock, Submitter, Ticket } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { ownAnswer } from "../own_answer.ts";
import { readWhole } from "../whole_answer.ts";
import type { KeepWish } from "./keep_wish.ts";
import {
  type KeptRequest,
  type KeptRequestLimits,
  KeptRequests,
  type Outcome,
} from "./kept_requests.ts";

/** What the HTTP twins are made with. */
export interface HttpTwinsDeps {
  readonly submitter: Submitter;
  readonly clock: Clock;
  /** Names a request so that nobody can guess it. */
  readonly newId: () => string;
  /** Equal for a request that is sent again, and for no other; of multipart bodies the boundary must not count. */
  readonly fingerprintOf: (request: ProxyRequest) => string;
  readonly limits?: Partial<KeptRequestLimits>;
}

/** What HTTP callers have of the promises of a session: once per key, and answers that wait. */
export interface HttpTwins {
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
  snapshot(): { readonly requests: number; readonly bytes: number };
}

const MIB = 1_048_576;

/** A day, as with the services that made the header known; some 30 MiB of names and heads. */
const LIMITS: KeptRequestLimits = {
  count: 100_000,
  bytes: 64 * MIB,
  keptMs: 24 * 60 * 60 * 1_000,
};

/** An answer is held whole, to be given more than once; Discord's largest is far below. */
const ANSWER_BYTES_MAX = 32 * MIB;

const OWN_PATH = /^\/_rep\/requests\/([A-Za-z0-9-]{1,64})(?:\?|$)/;

/** Makes the HTTP twins. */
export function createHttpTwins(deps: HttpTwinsDeps): HttpTwins {
  const kept = new KeptRequests({ ...LIMITS, ...deps.limits });
  return {
    // No `async` before the request is queued: callers rely on the order of calls.
    handle(request, wish, owner) {
      try {
        kept.expire(deps.clock.nowMs());
        const one = find(kept, deps, request, wish, owner) ??
          begin(kept, deps, request, wish, owner);
        if (!wish.isAsync) return answerOf(one);
        one.isAsync = true;
        return Promise.resolve(accepted(one));
      } catch (error) {
        return Promise.reject(error);
      }
    },
    answerAt(method, target, owner) {
      const id = OWN_PATH.exec(target)?.[1];
      if (id === undefined) return undefined;
      kept.expire(deps.clock.nowMs());
      return answerFor(kept.byId(owner, id), method);
    },
    snapshot: () => ({ requests: kept.size, bytes: kept.bytes }),
  };
}

/** The request that was sent under this key before. */
function find(
  kept: KeptRequests,
  { fingerprintOf }: HttpTwinsDeps,
  request: ProxyRequest,
  { idempotencyKey }: KeepWish,
  owner: string,
): KeptRequest | undefined {
  if (idempotencyKey === undefined) return undefined;
  const one = kept.byKey(owner, idempotencyKey);
  if (one === undefined || one.fingerprint === fingerprintOf(request)) {
    return one;
  }
  throw new Refusal(
    "key_reused",
    "Cannot send the request: its Idempotency-Key was used for a different one",
  );
}

function begin(
  kept: KeptRequests,
  { submitter, clock, newId, fingerprintOf }: HttpTwinsDeps,
  request: ProxyRequest,
  { idempotencyKey }: KeepWish,
  owner: string,
): KeptRequest {
  if (!kept.hasRoom()) {
    throw new Refusal(
      "overloaded",
      `Cannot keep the request: ${kept.size} kept ones are under way; wait for some`,
    );
  }
  const ticket = submitter.submit(request);
  const answer = wholeAnswer(ticket);
  const one: KeptRequest = {
    id: newId(),
    owner,
    idempotencyKey,
    fingerprint: idempotencyKey === undefined ? "" : fingerprintOf(request),
    running: { answer, cancel: () => ticket.cancel() },
    outcome: undefined,
    isAsync: false,
    untilMs: 0,
  };
  kept.add(one);
  answer.then(
    (whole) => end(kept, one, { kind: "answer", answer: whole }, clock),
    (error) =>
      end(kept, one, { kind: "refusal", refusal: known(error) }, clock),
  );
  return one;
}

async function wholeAnswer({ answer }: Ticket): ReturnType<typeof readWhole> {
  const { status, headers, body } = await answer;
  return body instanceof ReadableStream
    ? await readWhole({ status, headers, body }, body, ANSWER_BYTES_MAX)
    : { status, headers, body };
}

/** A bug of ours is told where it is caught; those who come later hear of it as this. */
function known(error: unknown): Refusal {
  return error instanceof Refusal ? error : internalRefusal(null);
}

/** What certainly was not done may be sent again under its key. */
function end(
  kept: KeptRequests,
  one: KeptRequest,
  outcome: Outcome,
  clock: Clock,
): void {
  kept.end(one, outcome, clock.nowMs());
  const wasNotDone = outcome.kind === "answer"
    ? outcome.answer.status === 429
    : outcome.kind === "refusal" && outcome.refusal.sent === false;
  if (wasNotDone) kept.release(one);
}

/** The stored answer or the running one. */
function answerOf({ outcome, running }: KeptRequest): Promise<Answer> {
  if (running !== undefined) return running.answer;
  if (outcome?.kind === "answer") return Promise.resolve(outcome.answer);
  if (outcome?.kind === "refusal") return Promise.reject(outcome.refusal);
  return Promise.reject(
    new Refusal(
      "outcome_unknown",
      `Cannot show the answer again: Discord answered ${outcome?.status}, and its body was given up to make room`,
      { sent: true },
    ),
  );
}

/** What a caller gets who asks for `/_rep/requests/<id>`. */
function answerFor(
  one: KeptRequest | undefined,
  method: string,
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
      : Promise.resolve(accepted(one));
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
function accepted({ id }: KeptRequest): Answer {
  const location = `/_rep/requests/${id}`;
  return ownAnswer(202, { id, state: "waiting", location }, "kept", [
    ["location", location],
    ["preference-applied", "respond-async"],
    ASK_AGAIN,
  ]);
}
