import { KEYLESS_SHARE } from "../../domain/caller.ts";
import type { FactSink } from "../../domain/fact.ts";
import type {
  Clock,
  OperatorDoor,
  QueueView,
  Submitter,
} from "../../domain/ports.ts";
import type { Answer } from "../../domain/answer.ts";
import type { Authorizer, Proof } from "../access/authorize.ts";
import type { KeyGate } from "../access/key_gate.ts";
import type { AdmitDeps } from "./admit.ts";
import type { BodyRules } from "./body.ts";
import { BodyBudget } from "./body_budget.ts";
import type { NamedRequests } from "./named_requests.ts";
import { createTargetReader } from "./request_target.ts";
import { TimeoutQueue } from "./timeout_queue.ts";
import type { MoveRequests } from "./token_update.ts";

/** Room for the page's forms, of which few are under way: sixty-four of the largest. */
const OPERATOR_BYTES = 8 * 1024 * 1024;

/** What is decided about HTTP. */
export interface HttpSettings {
  /** API version of paths that name none. */
  readonly apiVersion: number;
  readonly isKeyInPathAllowed: boolean;
  readonly areRateLimitHeadersStripped: boolean;
  readonly isServerTimingOn: boolean;
  readonly bodyLimitBytes: number;
  readonly heldLimitBytes: number;
  /** How long a body may take that brings hardly a byte. */
  readonly bodyTimeoutMs: number;
  /** How long a body waits for room. */
  readonly roomWaitMs: number;
  /** Pages that may call from browsers; none unless said. */
  readonly origins?: ReadonlySet<string>;
  /** Several keys send, so that each leaves the others a share of the room for bodies. */
  readonly areKeysSeveral?: boolean;
  /** Callers without a key may be served, so that they need room of their own. */
  readonly areKeylessServed?: boolean;
}

/** What the endpoint is made with. */
export interface HttpEndpointDeps {
  readonly submitter: Submitter;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly settings: HttpSettings;
  readonly isDraining: () => boolean;
  /** True where something else takes WebSocket upgrades on `/rep`. */
  readonly hasUpgrade?: boolean;
  /** Keeps requests and answers for `Idempotency-Key` and `Prefer: respond-async`. */
  readonly named?: NamedRequests;
  /** Asked before a body is read whether its key may send it; `submitter` asks again. */
  readonly gate?: Pick<KeyGate, "enter">;
  /** Answers `/metrics` and `/admin`. */
  readonly operators?: OperatorDoor;
  /** Shows callers what they have waiting, and what a request would wait for. */
  readonly view?: QueueView;
  /** Shows the queue where that may be another proxy's; `here` shows this one's. */
  readonly showQueue?:
    | ((
      target: string,
      proof: Proof,
      here: () => Promise<Answer>,
    ) => Promise<Answer>)
    | undefined;
  /** What is wrong though requests are taken in, for `/readyz`. */
  readonly troubles?: () => readonly string[];
  /** Gives waiting requests another token, for `POST /update-bearer-token`. */
  readonly moveRequests?: MoveRequests;
}

/** What the steps of a request work with, put together once. */
export interface HandlerContext extends HttpEndpointDeps {
  readonly admission: AdmitDeps;
  readonly bodies: BodyRules;
  /** The same for callers without a key, which have a share of their own. */
  readonly keylessBodies: BodyRules;
  /** The same for the page's forms: that to sign in comes before a key does, and must take nobody's room. */
  readonly operatorBodies: BodyRules;
}

/** Puts it together. */
export function handlerContextOf(deps: HttpEndpointDeps): HandlerContext {
  const { settings, clock, authorizer, hasUpgrade = false } = deps;
  const { heldLimitBytes } = settings;
  const keylessShare = settings.areKeylessServed === true ? KEYLESS_SHARE : 0;
  const keylessBytes = Math.floor(heldLimitBytes * keylessShare);
  const small = new TimeoutQueue(clock, settings.bodyTimeoutMs);
  const bodiesWithin = (limitBytes: number): BodyRules => {
    const budget = new BodyBudget(limitBytes);
    // A larger one would wait for room that never comes.
    const bodyLimitBytes = Math.min(
      settings.bodyLimitBytes,
      budget.bodyBytesMax,
    );
    return { ...settings, clock, budget, small, bodyLimitBytes };
  };
  return {
    ...deps,
    admission: {
      authorizer,
      clock,
      targetOf: createTargetReader({ ...settings, hasUpgrade }),
    },
    bodies: bodiesWithin(heldLimitBytes - keylessBytes),
    keylessBodies: bodiesWithin(keylessBytes),
    operatorBodies: bodiesWithin(OPERATOR_BYTES),
  };
}
