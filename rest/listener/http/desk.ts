import { KEYLESS_SHARE } from "../../domain/caller.ts";
import type { FactSink } from "../../domain/fact.ts";
import type { Clock, OperatorDoor, Submitter } from "../../domain/ports.ts";
import type { Authorizer } from "../authorize.ts";
import type { KeyGate } from "../key_gate.ts";
import type { HttpTwins } from "../twins/http_twins.ts";
import type { AdmitDeps } from "./admit.ts";
import type { BodyRules } from "./body.ts";
import { DelayLine } from "./delay_line.ts";
import { HeldBytes } from "./held_bytes.ts";
import { HeldShare } from "./held_share.ts";
import { LeaveWatch } from "./leave_watch.ts";
import { createPlaceReader } from "./place_of.ts";
import type { MoveRequests } from "./token_update.ts";

/** A server's handler, and nothing of a server. */
export type HttpHandler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Promise<Response>;

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
  /** How long a caller waits for room before its body is read. */
  readonly roomWaitMs: number;
}

export interface HttpDoorDeps {
  readonly submitter: Submitter;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly settings: HttpSettings;
  readonly isDraining: () => boolean;
  /** Takes WebSocket upgrades on `/` and `/rep`; it asks for the key itself. */
  readonly onUpgrade?: HttpHandler;
  /** Keeps requests and answers for `Idempotency-Key` and `Prefer: respond-async`. */
  readonly twins?: HttpTwins;
  /** Asked before a body is read whether its key may send it; `submitter` asks again. */
  readonly gate?: Pick<KeyGate, "enter">;
  /** Answers `/metrics` and `/admin`. */
  readonly operators?: OperatorDoor;
  /** What is wrong though requests are taken in, for `/readyz`. */
  readonly troubles?: () => readonly string[];
  /** Gives waiting requests another token, for `POST /update-bearer-token`. */
  readonly moveRequests?: MoveRequests;
}

/** What the steps of a visit work with, put together once. */
export interface Desk extends HttpDoorDeps {
  readonly admission: AdmitDeps;
  readonly bodies: BodyRules;
  /** The same for callers without a key, within their share. */
  readonly keylessBodies: BodyRules;
  readonly leaves: LeaveWatch;
}

/** Puts it together. */
export function deskOf(deps: HttpDoorDeps): Desk {
  const { settings, clock, authorizer } = deps;
  const { bodyLimitBytes, heldLimitBytes } = settings;
  const hasUpgrade = deps.onUpgrade !== undefined;
  const held = new HeldBytes(heldLimitBytes, clock);
  const bodies: BodyRules = {
    ...settings,
    clock,
    held,
    small: new DelayLine(clock, settings.bodyTimeoutMs),
    // A body larger than the whole budget would wait for room that never comes.
    bodyLimitBytes: Math.min(bodyLimitBytes, heldLimitBytes),
  };
  const keylessBytes = Math.floor(heldLimitBytes * KEYLESS_SHARE);
  return {
    ...deps,
    admission: {
      authorizer,
      clock,
      placeOf: createPlaceReader({ ...settings, hasUpgrade }),
    },
    bodies,
    keylessBodies: {
      ...bodies,
      held: new HeldShare(keylessBytes, held, clock),
      bodyLimitBytes: Math.min(bodyLimitBytes, keylessBytes),
    },
    leaves: new LeaveWatch(clock),
  };
}

/** Lets go of timers that nobody waits for. */
export function restTimers({ bodies, leaves }: Desk): void {
  bodies.small.rest();
  leaves.rest();
}
