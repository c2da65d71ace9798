/**
 * The one file that uses the runtime's globals. Their types are written out
 * here, so the library compiles without DOM, Deno or Node types.
 */
import type { Clock, Socket, SocketFactory } from "../api/ports.ts";

interface Runtime {
  readonly setTimeout: (action: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
  readonly performance: { now(): number };
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
  readonly btoa: (binary: string) => string;
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new () => { decode(bytes: ArrayBuffer): string };
  readonly WebSocket?: new (url: string, options: unknown) => Socket;
}

const runtime = globalThis as unknown as Runtime;
const utf8Encoder = new runtime.TextEncoder();
const utf8Decoder = new runtime.TextDecoder();

/** Longest delay a timer takes; a longer one would fire at once (32-bit signed). */
const TIMER_MAX_MS = 2_147_483_647;

/** `String.fromCharCode` takes its arguments on the stack: 32 Ki of them is safe everywhere. */
const BASE64_CHUNK_BYTES = 32_768;

/** The runtime's clock and timers. */
export const systemClock: Clock = {
  nowMs: () => runtime.performance.now(),
  after(delayMs, action) {
    const handle = startTimer(delayMs, action);
    return () => runtime.clearTimeout(handle);
  },
  afterIdly(delayMs, action) {
    const handle = startTimer(delayMs, action);
    // A browser's timer is a number and has no `unref`.
    (handle as { unref?: () => void }).unref?.();
    return () => runtime.clearTimeout(handle);
  },
};

function startTimer(delayMs: number, action: () => void): unknown {
  return runtime.setTimeout(action, Math.min(delayMs, TIMER_MAX_MS));
}

/** Makes a name of 16 hexadecimal characters that nobody else has: 64 random bits. */
export function randomName(): string {
  const bytes = runtime.crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Encodes text as UTF-8. */
export function utf8Of(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** Decodes UTF-8; invalid bytes become replacement characters. */
export function textOf(bytes: ArrayBuffer): string {
  return utf8Decoder.decode(bytes);
}

/** Encodes bytes as base64 with padding. */
export function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += BASE64_CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + BASE64_CHUNK_BYTES);
    binary += String.fromCharCode(...chunk);
  }
  return runtime.btoa(binary);
}

/** Makes a factory of the runtime's own WebSocket. Throws where there is none. */
export function platformSocketFactory(): SocketFactory {
  const WebSocketClass = runtime.WebSocket;
  if (WebSocketClass === undefined) {
    throw new TypeError(
      'Cannot open a WebSocket: this runtime has none (Node before 22). Pass `webSocket: (url, { protocols, headers }) => new WebSocket(url, protocols, { headers })` with the class of the npm package "ws"',
    );
  }
  return (url, { protocols, headers }) => {
    // Only Deno and Node take an object here; browsers must get the bare list.
    const hasHeaders = Object.keys(headers).length > 0;
    const options = hasHeaders ? { protocols, headers } : protocols;
    return new WebSocketClass(url, options);
  };
}
