import type { Fault } from "./fault.ts";
import { type Delivery, undone, type Verdict } from "./outcome.ts";
import {
  failureResponse,
  originResponse,
  refusalResponse,
  type Scope,
  type SimResponse,
} from "./response.ts";

const WHOLE: Delivery = { kind: "whole" };

/** True for a fault on the way in: no limit is spent, nothing is done. */
export function neverArrives(fault: Fault | undefined): boolean {
  switch (fault?.kind) {
    case "reset":
    case "close":
    case "silence":
    case "nonsense":
      return fault.isExecuted !== true;
    default:
      return false;
  }
}

/** True when the request is executed although its answer is another. */
export function isDoneUnseen(fault: Fault | undefined): boolean {
  return (fault?.kind === "status" || fault?.kind === "answer") &&
    fault.isExecuted === true;
}

/** The answer that replaces the real one; undefined when that one stays. */
export function insteadOfAnswer(fault: Fault | undefined): Verdict | undefined {
  switch (fault?.kind) {
    case "status":
      return undone(failureResponse(fault.status));
    case "answer": {
      const response = originResponse(fault.status, fault.body);
      if (fault.headers !== undefined) {
        response.headers.splice(0, Infinity, ...fault.headers);
      }
      return undone(response, { scope: scopeOf(response) });
    }
    case "limited":
      return undone(refusalResponse(fault), { scope: fault.scope });
    default:
      return undefined;
  }
}

/** The scope of a 429, read from its headers. */
function scopeOf({ status, headers }: SimResponse): Scope | undefined {
  if (status !== 429) return undefined;
  const valueOf = (wanted: string) =>
    headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  if (valueOf("via") === undefined) return "cloudflare";
  const scope = valueOf("x-ratelimit-scope");
  return scope === "shared" || scope === "global" ? scope : "user";
}

/** How the answer travels. */
export function deliveryOf(fault: Fault | undefined): Delivery {
  switch (fault?.kind) {
    case "reset":
    case "close":
    case "silence":
    case "nonsense":
      return { kind: fault.kind };
    case "cut_body":
      return { kind: "cut" };
    case "slow_body":
      return { kind: "slow", overMs: fault.overMs };
    default:
      return WHOLE;
  }
}
