/**
 * By what Discord knows a message that comes again: within the past few minutes
 * it makes one message of all that have the same author and `nonce` and say
 * `enforce_nonce`, and hands that one back (docs, "Create Message"). Webhook
 * execution has no such member, so its messages have none.
 */
export interface MessageNonce {
  /** What is added to the body as it is sent; undefined: the body brings both members. */
  readonly added: string | undefined;
  /** When a message with it was sent first (monotonic); undefined: it was not yet. */
  readonly sentAtMs: number | undefined;
}

/** Discord remembers for "the past few minutes" (docs): two of them are not too many. */
export const RECOGNISED_MS = 120_000;

/** Whether a message that is sent at `atMs` cannot become a second one. */
export function isRecognised(
  nonce: MessageNonce | undefined,
  atMs: number,
): boolean {
  if (nonce === undefined) return false;
  return nonce.sentAtMs === undefined || atMs < nonce.sentAtMs + RECOGNISED_MS;
}
