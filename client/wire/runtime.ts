/**
 * The one file that reaches for the runtime. What it takes is described
 * structurally, so the library compiles without DOM, Deno or Node types.
 */
import type { Socket } from "../api/socket.ts";

interface Ambient {
  readonly setTimeout: (action: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
  readonly performance: { now(): number };
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
  readonly btoa: (binary: string) => string;
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new () => { decode(bytes: ArrayBuffer): string };
  readonly WebSocket?: new (url: string, options: unknown) => Socket;
}

const ambient = globalThis as unknown as Ambient;
const utf8Encoder = new ambient.TextEncoder();
const utf8Decoder = new ambient.TextDecoder();

/** Longest delay a timer takes; a longer one would fire at once (32-bit signed). */
const TIMER_MAX_MS = 2_147_483_647;

/** `String.fromCharCode` takes its arguments on the stack: 32 Ki of them is safe everywhere. */
const BASE64_CHUNK_BYTES = 32_768;

/** A timer that can be told not to keep the process alive, where the runtime has such. */
export function startTimer(
  delayMs: number,
  action: () => void,
  keepsAlive: boolean,
): () => void {
  const handle = ambient.setTimeout(action, Math.min(delayMs, TIMER_MAX_MS));
  if (!keepsAlive) (handle as { unref?: () => void }).unref?.();
  return () => ambient.clearTimeout(handle);
}

/** Milliseconds that never go back. */
export function monotonicMs(): number {
  return ambient.performance.now();
}

/** Sixteen hexadecimal characters nobody else has: 64 random bits. */
export function randomName(): string {
  const bytes = ambient.crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** UTF-8 bytes of a text. */
export function utf8Of(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** The text in UTF-8 bytes. */
export function textOf(bytes: ArrayBuffer): string {
  return utf8Decoder.decode(bytes);
}

/** Base64 with padding. */
export function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += BASE64_CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + BASE64_CHUNK_BYTES);
    binary += String.fromCharCode(...chunk);
  }
  return ambient.btoa(binary);
}

/** The runtime's own WebSocket class, or undefined (Node before 22). */
export function ambientWebSocket(): Ambient["WebSocket"] {
  return ambient.WebSocket;
}
