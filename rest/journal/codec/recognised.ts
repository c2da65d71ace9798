import type { ProxyRequest } from "../../domain/request.ts";
import { isAt, memberBytes, valueAt } from "./json_members.ts";

/** Discord hands back the first message of a nonce for "the past few minutes" (docs: create message). */
const RECOGNISED_MS = 120_000;

const NONCE = memberBytes("nonce");
const ENFORCE_NONCE = memberBytes("enforce_nonce");
const TRUE = new TextEncoder().encode("true");

/** Whether Discord would recognise a message that is sent again: it has `nonce` and `enforce_nonce`. */
export function enforcesNonce(
  { method, route, body }: Pick<ProxyRequest, "method" | "route" | "body">,
): boolean {
  if (method !== "POST" || body === undefined) return false;
  if (route.label !== "POST /channels/{channel_id}/messages") return false;
  const enforceAt = valueAt(body, ENFORCE_NONCE);
  return enforceAt >= 0 && isAt(body, TRUE, enforceAt) &&
    valueAt(body, NONCE) >= 0;
}

/** Whether Discord still recognises what was first sent then. */
export function isStillRecognised(
  firstSentWallMs: number | undefined,
  nowWallMs: number,
): boolean {
  if (firstSentWallMs === undefined) return false;
  const ageMs = nowWallMs - firstSentWallMs;
  return ageMs >= 0 && ageMs < RECOGNISED_MS;
}
