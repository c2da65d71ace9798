import type { Entry, Outcome } from "../domain/entry.ts";
import { NOBODY } from "../domain/identity.ts";
import type { RowState } from "../domain/journal_store.ts";
import type { MessageNonce } from "../domain/message_nonce.ts";
import type { Clock } from "../domain/ports.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { EntryFacts, StoredNonce } from "./codec/entry_codec.ts";
import { holdsTokenMember, mayHoldToken } from "./codec/token_holders.ts";

/** What the operator wants kept. */
export interface Keeping {
  /** `all`: every write from its acceptance; `promised`: what its caller was promised more about than an answer, and writes whose caller left. */
  readonly writes: "all" | "promised";
  /** What holds a token of Discord's may be kept, since it is encrypted. */
  readonly isEncrypted: boolean;
}

/** Whether a request is written down when it is accepted. */
export function isKeptAtOnce(
  { request, guarantee }: Pick<Entry, "request" | "guarantee">,
  keeping: Keeping,
): boolean {
  const isMeant = guarantee !== undefined ||
    (keeping.writes === "all" && request.method !== "GET");
  return isMeant && mayBeKept(request, keeping);
}

/**
 * Whether the name at least is written down of a request that may not be: asked
 * for again after a restart, it must not be done twice.
 */
export function isNameKept(
  { request, guarantee }: Entry,
  keeping: Keeping,
): boolean {
  if (guarantee === undefined || mayBeKept(request, keeping)) return false;
  const { idempotencyKey, asyncId, frame } = guarantee;
  return idempotencyKey !== undefined || asyncId !== undefined ||
    (frame?.session !== undefined && frame.reqKey !== undefined);
}

/** Tokens that callers bring are never stored, so nobody could send their requests. */
export function mayBeKept(
  request: ProxyRequest,
  { isEncrypted }: Keeping,
): boolean {
  const { identity } = request;
  if (!identity.isOwn && identity.id !== NOBODY.id) return false;
  return isEncrypted || !mayHoldToken(request);
}

/** What may be written of an outcome: an answer that shows a token is not, in the clear. */
export function storableOf(
  outcome: Outcome,
  { isNameOnly }: { readonly isNameOnly: boolean },
  { isEncrypted }: Keeping,
): Outcome {
  if (outcome.kind !== "answer") return outcome;
  const { status, body } = outcome.answer;
  const isSecret = isNameOnly || (!isEncrypted && holdsTokenMember(body));
  return isSecret ? { kind: "shortened", status } : outcome;
}

/** A callback has to be there within three seconds (docs: receiving and responding). */
const CALLBACK_MS = 3_000;
/** An interaction's token is good for fifteen minutes (ibidem). */
const INTERACTION_MS = 900_000;

/** What a row says of a request beside what it is, as it is written in that state now. */
export function factsOf(
  entry: Entry,
  state: RowState,
  { clock, maxWaitMs }: { readonly clock: Clock; readonly maxWaitMs: number },
): EntryFacts {
  const wallOf = (atMs: number) => clock.wallMs() - (clock.nowMs() - atMs);
  const acceptedWallMs = wallOf(entry.queuedAtMs);
  return {
    acceptedWallMs,
    expiresWallMs: expiryOf(entry.request, acceptedWallMs, maxWaitMs),
    nonce: entry.nonce && nonceOf(entry.nonce, state, { clock, wallOf }),
  };
}

/** Discord recognises a message for a while from its first sending, which is now where it was not sent yet. */
function nonceOf(
  { added, sentAtMs }: MessageNonce,
  state: RowState,
  { clock, wallOf }: {
    readonly clock: Clock;
    readonly wallOf: (atMs: number) => number;
  },
): StoredNonce {
  const sentWallMs = sentAtMs !== undefined
    ? wallOf(sentAtMs)
    : state === "sent"
    ? clock.wallMs()
    : undefined;
  return {
    ...added === undefined ? {} : { added },
    ...sentWallMs === undefined ? {} : { sentWallMs },
  };
}

/** When it makes no sense any more to send a request that was accepted then. */
function expiryOf(
  { route, leaveWithinMs = Infinity, longestWaitMs = Infinity }: ProxyRequest,
  acceptedWallMs: number,
  maxWaitMs: number,
): number {
  const lastsMs = route.lane !== "interaction"
    ? Infinity
    : route.label.endsWith("/callback")
    ? CALLBACK_MS
    : INTERACTION_MS;
  return acceptedWallMs +
    Math.min(leaveWithinMs, longestWaitMs, maxWaitMs, lastsMs);
}
