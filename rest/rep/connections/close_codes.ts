/** Every code with which the server closes a connection, and its reason (ASCII, at most 123 bytes). */
export const CLOSE_CODES = {
  1009: "frame too big",
  1011: "internal error",
  1012: "restarting",
  1013: "too many connections, try later",
  4400: "too many malformed frames",
  4401: "kept sending before authenticating",
  4403: "authentication refused",
  4408: "did not authenticate in time",
  4409: "session taken over by another connection",
  4413: "reader too slow",
  4429: "flooding",
} as const satisfies Record<number, string>;

/** A code with which the server closes a connection. */
export type CloseCode = keyof typeof CLOSE_CODES;
