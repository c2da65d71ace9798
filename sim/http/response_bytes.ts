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

/** An answer's head and body, ready to be written. */
export function responseBytes(
  response: SimResponse,
  framing: Framing,
): { readonly head: Uint8Array; readonly body: Uint8Array } {
  const { status, headers } = response;
  const body = typeof response.body === "string"
    ? encoder.encode(response.body)
    : response.body ?? new Uint8Array(0);
  const hasNone = status === 204 || status === 304;
  const isChunked = framing.isChunked && !hasNone &&
    response.body !== undefined;
  let head = `HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  if (isChunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!hasNone) {
    head += `Content-Length: ${body.length}\r\n`;
  }
  head += framing.isKeptAlive
    ? "Connection: keep-alive\r\n\r\n"
    : "Connection: close\r\n\r\n";
  const isEmpty = framing.isBodiless || hasNone;
  return {
    head: encoder.encode(head),
    body: isEmpty ? new Uint8Array(0) : isChunked ? chunked(body) : body,
  };
}

/** A body in two chunks, so that readers meet more than one. */
function chunked(body: Uint8Array): Uint8Array {
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)]
    .filter((part) => part.length > 0);
  const pieces = parts.flatMap((part) => [
    encoder.encode(`${part.length.toString(16)}\r\n`),
    part,
    encoder.encode("\r\n"),
  ]);
  return join([...pieces, encoder.encode("0\r\n\r\n")]);
}

/** Pieces as one, so that an answer is one packet where it fits. */
export function join(pieces: readonly Uint8Array[]): Uint8Array {
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
