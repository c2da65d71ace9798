import { Refusal } from "../../domain/refusal.ts";
import type { HttpAnswer } from "../http/incoming_request.ts";
import { refusalAnswer } from "../http/refusal_answer.ts";

/** What the registry calls the statuses we answer with where no server writes for us. */
const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  405: "Method Not Allowed",
  408: "Request Timeout",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** An answer as bytes, for a socket that no server reads any more; it closes after it. */
export function rawAnswer({ status, headers, body }: HttpAnswer): Uint8Array {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Refused"}`,
    ...headers
      .filter(([name]) => name !== "connection")
      .map(([name, value]) => `${name}: ${value}`),
    `content-length: ${bytes.length}`,
    "connection: close",
  ];
  const head = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return whole;
}

/** A server's own word for what it could not read, as a refusal. */
export function unreadable(code: string | undefined): Refusal {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new Refusal(
        "head_too_large",
        `Cannot read the request: its head has more than ${HEAD_BYTES_MAX} bytes`,
      );
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Refusal(
        "head_timeout",
        "Cannot read the request: its head did not come in time (REST_HEAD_TIMEOUT_MS)",
      );
    default:
      return new Refusal(
        "bad_request",
        "Cannot read the request: it is not HTTP/1.1, has a method nobody knows, or could be read in two ways",
      );
  }
}

/** The head of a request: line and headers. What Node takes by default, and eight times the longest of Discord's clients. */
export const HEAD_BYTES_MAX = 16 * 1024;

/** No more connections; who comes now is not read at all. */
export function crowdedAnswer(): HttpAnswer {
  const message =
    "Cannot take the connection: too many are open (REST_CONNECTION_LIMIT, REST_ADDRESS_CONNECTION_LIMIT)";
  return refusalAnswer(new Refusal("too_many", message, { status: 503 }));
}
