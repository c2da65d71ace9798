import type { Answer } from "../domain/answer.ts";
import type { HeaderList } from "../domain/headers.ts";
import { SIGNATURE_HEADER } from "./http/refusal_answer.ts";

const encoder = new TextEncoder();

/** An answer of the proxy's own, signed so that nobody takes it for Discord's. */
export function ownAnswer(
  status: number,
  value: Readonly<Record<string, unknown>>,
  signature: "kept" | "moved" | "queue",
  headers: HeaderList = [],
): Answer {
  const body = encoder.encode(JSON.stringify(value));
  const own: HeaderList = [
    ["content-type", "application/json"],
    [SIGNATURE_HEADER, signature],
  ];
  return { status, headers: [...own, ...headers], body, isOurs: true };
}
