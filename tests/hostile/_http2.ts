import { latin1Of } from "./_wire.ts";

/** Frames of HTTP/2 by hand (RFC 9113), one character per byte: libraries refuse to send what is tried here. */

export type Fields = ReadonlyArray<readonly [name: string, value: string]>;

export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const END_HEADERS = 4;

export const PREFACE = `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${
  frame(SETTINGS, 0, 0)
}`;

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload = "",
): string {
  return bigEndian(payload.length, 3) + String.fromCharCode(type, flags) +
    bigEndian(stream, 4) + payload;
}

/** Fields as literals, neither compressed nor remembered (RFC 7541, 6.2.2). */
export function fieldBlock(fields: Fields): string {
  return fields.map(([name, value]) => `\0${literal(name)}${literal(value)}`)
    .join("");
}

function literal(text: string): string {
  return integer(text.length, 127) + text;
}

/** RFC 7541, 5.1; the bits in front of it are zero. */
function integer(value: number, prefixMax: number): string {
  if (value < prefixMax) return String.fromCharCode(value);
  let text = String.fromCharCode(prefixMax);
  let rest = value - prefixMax;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    text += String.fromCharCode(rest % 128 + 128);
  }
  return text + String.fromCharCode(rest);
}

function bigEndian(value: number, bytes: number): string {
  let text = "";
  for (let at = bytes - 1; at >= 0; at--) {
    text += String.fromCharCode(Math.floor(value / 256 ** at) % 256);
  }
  return text;
}

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: string;
}

/** Reads frames until stream 1 has ended, one way or another, and tells how. */
export async function readOutcome(connection: Deno.Conn): Promise<string> {
  let text = "";
  let body = "";
  let isAnswered = false;
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    // Whether GOAWAY is still read depends on how much was under way.
    if (count === null) return "connection closed";
    text += latin1Of(buffer.subarray(0, count));
    const { frames, rest } = cut(text);
    text = rest;
    for (const { type, flags, stream, payload } of frames) {
      if (stream !== 1) continue;
      if (type === RST_STREAM && !isAnswered) return "stream reset";
      if (type === HEADERS) isAnswered = true;
      if (type === DATA) body += payload;
      if ((flags & END_STREAM) !== 0) return tell(body);
    }
  }
}

function cut(text: string): { frames: Frame[]; rest: string } {
  const frames: Frame[] = [];
  let at = 0;
  for (;;) {
    const length = numberAt(text, at, 3);
    const end = at + 9 + length;
    if (text.length < at + 9 || text.length < end) break;
    frames.push({
      type: text.charCodeAt(at + 3),
      flags: text.charCodeAt(at + 4),
      stream: numberAt(text, at + 5, 4),
      payload: text.slice(at + 9, end),
    });
    at = end;
  }
  return { frames, rest: text.slice(at) };
}

function numberAt(text: string, at: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value = value * 256 + text.charCodeAt(at + i);
  return value;
}

/** By its body: that of a refusal names its code; the runtime's own answers have none, nor has one to HEAD. */
function tell(body: string): string {
  if (body === "") return "an answer without a body";
  const { code } = JSON.parse(body);
  return typeof code === "string" ? `\`${code}\`` : "Discord's answer";
}
