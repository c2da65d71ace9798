import type { SimResponse } from "../model/response.ts";

const encoder = new TextEncoder();

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Payload Too Large",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** How an answer's body is marked on the wire. */
export interface Framing {
  readonly isChunked: boolean;
  readonly isKeptAlive: boolean;
  /** An answer to HEAD keeps its headers only. */
  readonly isBodiless: boolean;
}

/** An answer in bytes; `bodyAt` is where its head ends. */
export interface ResponseBytes {
  readonly bytes: Uint8Array;
  readonly bodyAt: number;
}

/** Encodes an answer. `noise` are header lines that every answer carries. */
export function responseBytes(
  response: SimResponse,
  framing: Framing,
  noise: string,
): ResponseBytes {
  const { status, headers, body } = response;
  const mayHaveBody = status !== 204 && status !== 304;
  const isChunked = framing.isChunked && mayHaveBody && body !== undefined;
  let head = `HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  head += noise;
  head += framing.isKeptAlive
    ? "Connection: keep-alive\r\n"
    : "Connection: close\r\n";
  const isAscii = typeof body === "string" && ASCII.test(body);
  const hasBody = mayHaveBody && !framing.isBodiless;
  if (isAscii && !isChunked && hasBody) {
    // The common case, in one piece: one character is one byte.
    head += `Content-Length: ${body.length}\r\n\r\n`;
    return { bytes: encoder.encode(head + body), bodyAt: head.length };
  }
  const bytes = typeof body === "string"
    ? encoder.encode(body)
    : body ?? new Uint8Array(0);
  if (isChunked) head += "Transfer-Encoding: chunked\r\n";
  else if (mayHaveBody) head += `Content-Length: ${bytes.length}\r\n`;
  const headBytes = encoder.encode(`${head}\r\n`);
  const pieces = !hasBody ? [] : isChunked ? chunks(bytes) : [bytes];
  return { bytes: join([headBytes, ...pieces]), bodyAt: headBytes.length };
}

// deno-lint-ignore no-control-regex -- the whole of ASCII is meant.
const ASCII = /^[\x00-\x7f]*$/;

/** A body in two chunks, so that readers meet more than one. */
function chunks(body: Uint8Array): Uint8Array[] {
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)]
    .filter((part) => part.length > 0);
  const pieces = parts.flatMap((part) => [
    encoder.encode(`${part.length.toString(16)}\r\n`),
    part,
    encoder.encode("\r\n"),
  ]);
  return [...pieces, encoder.encode("0\r\n\r\n")];
}

/** Joins pieces, so that an answer is one packet where it fits. */
function join(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    pieces.reduce((bytes, piece) => bytes + piece.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
