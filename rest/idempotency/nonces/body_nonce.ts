import type { ProxyRequest } from "../../domain/request.ts";
import { membersOf } from "./json_members.ts";
import { type Payload, payloadOf } from "./payload.ts";

/** What a message brings itself: both members; none that would be in the way of ours; or something of its own. */
export type BroughtNonce = "enforced" | "none" | "other";

const encoder = new TextEncoder();

/** What the body of a message says about its nonce. */
export function broughtNonce(request: ProxyRequest): BroughtNonce {
  const payload = payloadOf(request);
  const members = payload && membersIn(payload);
  if (members === undefined) return "other";
  const { nonce, enforce_nonce: isEnforced } = members;
  if (nonce === undefined || nonce === null) return "none";
  const isNonce = typeof nonce === "number" ||
    (typeof nonce === "string" && nonce !== "");
  return isNonce && isEnforced === true ? "enforced" : "other";
}

/**
 * The message with `nonce` and `enforce_nonce: true`. Everything else stays as
 * its caller spelt it, numbers beyond 2^53 digit for digit. While it is sent, its
 * body is in memory twice; so all that are in flight need at most as much again
 * as is held of them.
 */
export function withNonce(request: ProxyRequest, nonce: string): ProxyRequest {
  const { body } = request;
  const payload = payloadOf(request);
  if (body === undefined || payload === undefined) return request;
  const { start, end, text } = payload.kind === "json"
    ? { ...payload, text: jsonWithNonce(payload.text, nonce) }
    : { ...payload, end: payload.start, text: fieldsOf(payload, nonce) };
  const edited = encoder.encode(text);
  const whole = new Uint8Array(
    body.byteLength - (end - start) + edited.byteLength,
  );
  whole.set(body.subarray(0, start));
  whole.set(edited, start);
  whole.set(body.subarray(end), start + edited.byteLength);
  return { ...request, body: whole };
}

function membersIn(
  payload: Payload,
): Readonly<Record<string, unknown>> | undefined {
  if (payload.kind === "fields") {
    const { values } = payload;
    const isEnforced = values.get("enforce_nonce");
    if (isEnforced !== undefined && isEnforced !== "true") return undefined;
    return { nonce: values.get("nonce"), enforce_nonce: isEnforced === "true" };
  }
  try {
    const value: unknown = JSON.parse(payload.text);
    const isObject = typeof value === "object" && value !== null &&
      !Array.isArray(value);
    return isObject ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined; // Discord will say what is wrong with it.
  }
}

/** A member that is there already, as `"nonce": null` or JDA's `"enforce_nonce": false`, gets its value; the others come first. */
function jsonWithNonce(text: string, nonce: string): string {
  const missing = new Map([
    ["nonce", JSON.stringify(nonce)],
    ["enforce_nonce", "true"],
  ]);
  const members = membersOf(text);
  let edited = text;
  // From the end, so that the places before stay true.
  for (const { name, start, end } of members.toReversed()) {
    const value = missing.get(name);
    if (value === undefined) continue;
    edited = edited.slice(0, start) + value + edited.slice(end);
  }
  for (const { name } of members) missing.delete(name);
  if (missing.size === 0) return edited;
  const added = [...missing].map(([name, value]) => `"${name}":${value}`);
  const open = edited.indexOf("{") + 1;
  const comma = members.length > 0 ? "," : "";
  return edited.slice(0, open) + added.join(",") + comma + edited.slice(open);
}

/** The parts that go before the first one of a form. */
function fieldsOf(
  { boundary, values }: Extract<Payload, { kind: "fields" }>,
  nonce: string,
): string {
  const parts = [["nonce", nonce], ["enforce_nonce", "true"]] as const;
  return parts.filter(([name]) => !values.has(name)).map(([name, value]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  ).join("");
}
