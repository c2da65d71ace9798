import { botOf } from "./identity.ts";
import type { Refusal, RefusalCode } from "./refusal.ts";
import type { ProxyRequest } from "./request.ts";
import type { WaitReason } from "./wait_reason.ts";

/**
 * What happened, told once; log, metrics and pages read it here. Nothing in a
 * fact is secret. `bot` is whose request it was, see `botOf`.
 */
export type Fact =
  | {
    readonly kind: "queued";
    readonly bot: string;
    readonly label: string;
    readonly caller: string;
  }
  /** Sent to Discord; `attempt` counts from 1. */
  | {
    readonly kind: "leased";
    readonly bot: string;
    readonly label: string;
    readonly waitMs: number;
    readonly attempt: number;
  }
  /** Sent once for several: a write whose caller came back, a read that met an identical one. */
  | {
    readonly kind: "adopted" | "joined";
    readonly bot: string;
    readonly label: string;
    readonly caller: string;
  }
  | {
    readonly kind: "answered";
    readonly bot: string;
    readonly label: string;
    readonly caller: string;
    readonly status: number;
    readonly waitMs: number;
    /** What it waited longest for; undefined where it did not wait. */
    readonly waitReason?: WaitReason | undefined;
    readonly sendMs: number;
    readonly attempts: number;
  }
  | {
    readonly kind: "rate_limited";
    readonly bot: string;
    readonly label: string;
    readonly scope: string;
    readonly retryAfterMs: number | undefined;
  }
  | {
    readonly kind: "refused";
    readonly code: RefusalCode;
    /** Undefined where it was refused before it was known whose it is. */
    readonly bot?: string | undefined;
    readonly label: string;
    readonly caller: string;
    /** What went wrong below: a code and a host. */
    readonly detail?: string | undefined;
    /** When asking again becomes worthwhile, where that is known. */
    readonly retryAfterMs?: number | undefined;
    /** Discord may have executed a write that cannot be repeated, and no answer tells. */
    readonly isOutcomeUnknown?: boolean;
  }
  /** What the last minute was like, told where there was traffic. */
  | {
    readonly kind: "minute";
    readonly sent: number;
    readonly refused: number;
    /** 429s of Discord's. */
    readonly limited: number;
    readonly queueP95Ms: number | undefined;
    readonly discordP95Ms: number | undefined;
    readonly waiting: number;
    readonly oldestWaitMs: number;
  }
  /** The first request of a caller in a line has waited for long; told again as long as it does. */
  | {
    readonly kind: "long_wait";
    readonly caller: string;
    readonly label: string;
    readonly waitedMs: number;
    readonly reason: WaitReason;
    /** It leaves no earlier; undefined: an answer or an operator decides. */
    readonly leavesInMs: number | undefined;
  }
  /** What an operator did, or tried to do. */
  | {
    readonly kind: "audit";
    readonly keyName: string;
    readonly address: string;
    readonly action:
      | "sign in"
      | "pause"
      | "resume"
      | "drop"
      | "drain"
      | "button";
    readonly about: string;
    readonly isDone: boolean;
  }
  /** What Discord allows a bot, found out by the proxy itself. */
  | {
    readonly kind: "global_limit";
    readonly bot: string;
    readonly limit: number;
  }
  /** What this proxy has to do with its peers, told when it changes. */
  | {
    readonly kind: "cluster";
    /** Scopes that it sends for, of how many. */
    readonly owned: number;
    readonly scopes: number;
    readonly peers: number;
    /** Those of them that did not answer when they were last asked. */
    readonly silent: number;
    /** Redis did not answer. */
    readonly isStoreAway: boolean;
  }
  | { readonly kind: "warning"; readonly message: string };

/** The fact that a request waits from now on. */
export function queuedFact(
  { route, caller, identity }: ProxyRequest,
): Extract<Fact, { kind: "queued" }> {
  return { kind: "queued", bot: botOf(identity), label: route.label, caller };
}

/** The fact that a request, known by now for whose it is, was refused. */
export function refusedFact(
  { route, caller, identity }: ProxyRequest,
  refusal: Pick<Refusal, "code" | "detail" | "message">,
): Extract<Fact, { kind: "refused" }> {
  return {
    kind: "refused",
    code: refusal.code,
    bot: botOf(identity),
    label: route.label,
    caller,
    ...detailOf(refusal),
  };
}

/** Codes that say little by themselves. Their sentences are ours, and name nothing that a caller sent but numbers. */
const EXPLAINED: ReadonlySet<RefusalCode> = new Set([
  "bad_path",
  "bad_request",
  "forbidden",
]);

/** What is told of a refusal besides its code, as a member of its fact. */
export function detailOf(
  { code, detail, message }: Pick<Refusal, "code" | "detail" | "message">,
): { readonly detail?: string } {
  const told = detail ?? (EXPLAINED.has(code) ? message : undefined);
  return told === undefined ? {} : { detail: told };
}

/** Where facts go. Must not throw and must not block. */
export type FactSink = (fact: Fact) => void;
