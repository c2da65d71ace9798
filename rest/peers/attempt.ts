import type { Answer } from "../domain/answer.ts";
import { headerOf } from "../domain/headers.ts";
import { UpstreamFailure } from "../domain/ports.ts";
import { Refusal, type RefusalCode, REFUSALS } from "../domain/refusal.ts";
import type { Method } from "../domain/request.ts";
import { SIGNATURE_HEADER } from "../listener/http/refusal_answer.ts";
import { noteIn, PEER_NOTE_HEADER } from "./wire.ts";

/** What became of an attempt to hand a request on. */
type Failed =
  /** Its receiver says that it is not the owner, or no byte of it left: certainly not accepted. */
  | "not accepted"
  /** The connection broke, or its receiver is no owner any more and says nothing. */
  | "in doubt";

/** One attempt to hand a request on. */
export type Attempt =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | {
    readonly kind: "failed";
    readonly failed: Failed;
    /** Whose it is, as far as its receiver knows. */
    readonly ownerUrl?: string | undefined;
  };

/** Its receiver certainly did not accept it. */
const NOT_ACCEPTED = { kind: "failed", failed: "not accepted" } as const;
/** Nobody can tell whether its receiver accepted it. */
const IN_DOUBT = { kind: "failed", failed: "in doubt" } as const;

/** What a proxy says that ends, or that is the owner no more: somebody else goes on with it. */
const GIVEN_BACK: ReadonlySet<string> = new Set(["draining", "moved"]);

/** Whether a refusal says that another proxy is to be asked. */
export function isGivenBack({ code }: Refusal): boolean {
  return GIVEN_BACK.has(code);
}

/** What came of an attempt, whatever way it ended. */
export async function outcomeOf(answer: Promise<Answer>): Promise<Attempt> {
  try {
    return readAnswer(await answer);
  } catch (error) {
    const mayHaveArrived = !(error instanceof UpstreamFailure) ||
      error.mayHaveArrived;
    return mayHaveArrived ? IN_DOUBT : NOT_ACCEPTED;
  }
}

/** What an owner's answer says. */
function readAnswer(answer: Answer): Attempt {
  const { status, body } = answer;
  const { notMine, timing, isOurs } = noteIn(answer.headers);
  if (notMine !== undefined) {
    return { ...NOT_ACCEPTED, ownerUrl: notMine.ownerUrl };
  }
  const headers = answer.headers.filter(([name]) => name !== PEER_NOTE_HEADER);
  const code = headerOf(headers, SIGNATURE_HEADER);
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const refusal = refusalIn(code, status, bytes);
  if (refusal === undefined) {
    return {
      kind: "answer",
      answer: {
        ...answer,
        headers,
        ...timing !== undefined && { timing },
        ...isOurs === true && { isOurs },
      },
    };
  }
  if (isGivenBack(refusal)) {
    return refusal.sent === false ? NOT_ACCEPTED : IN_DOUBT;
  }
  refusal.timing = timing;
  return { kind: "refused", refusal };
}

/**
 * Whether a request is handed on again, by the rules of a restart: what was
 * certainly not accepted is; what may have been done is where doing it twice is
 * the same as doing it once, or where its name tells that it is the same.
 */
export function mayBeHandedOnAgain(
  method: Method,
  isNamed: boolean,
  failed: Failed,
): boolean {
  return failed === "not accepted" || isNamed || REPEATABLE.has(method);
}

const REPEATABLE: ReadonlySet<Method> = new Set(["GET", "PUT", "DELETE"]);

/** For a request that may have been done by a proxy that is gone. */
export function doubtRefusal(): Refusal {
  return new Refusal(
    "outcome_unknown",
    "Cannot tell whether Discord ran the request: the proxy that had it is gone; look before sending it again",
  );
}

/** The refusal that an owner signed; undefined where its code is none of ours. */
function refusalIn(
  code: string | undefined,
  status: number,
  body: Uint8Array,
): Refusal | undefined {
  if (code === undefined || !Object.hasOwn(REFUSALS, code)) return undefined;
  const told = bodyIn(body);
  const { message, sent, retry_after: retryAfterS } = told;
  const known = sent === true || sent === false || sent === null;
  return new Refusal(
    code as RefusalCode,
    typeof message === "string" ? message : "Cannot serve the request",
    {
      status,
      ...known && { sent },
      ...typeof retryAfterS === "number" &&
        { retryAfterMs: retryAfterS * 1_000 },
    },
  );
}

function bodyIn(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {};
  }
}

/** For a request that no proxy took in the time that it had. */
export function ownerlessRefusal(code: "deadline" | "wait_too_long"): Refusal {
  return new Refusal(
    code,
    "Cannot hand the request on: no proxy owns its bot, and none came to own it in time",
  );
}
