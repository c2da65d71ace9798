/** The owner of a request, read from `Authorization`. */
export interface Caller {
  readonly kind: "bot" | "bearer" | "none" | "malformed";
  /** The key limits are counted by: the token, or the address without one. */
  readonly key: string;
  readonly token: string;
}

/** Reads who calls. `Basic` proves an application, not a user: it counts by address. */
export function callerOf(
  authorization: string | undefined,
  remoteIp: string,
): Caller {
  const address = { key: `ip ${remoteIp}`, token: "" };
  if (authorization === undefined) return { kind: "none", ...address };
  const [, scheme = "", token = ""] = /^(\S+) +(\S+)$/.exec(authorization) ??
    [];
  switch (scheme) {
    case "Bot":
      return { kind: "bot", key: `bot ${token}`, token };
    case "Bearer":
      return { kind: "bearer", key: `bearer ${token}`, token };
    case "Basic":
      return { kind: "none", ...address };
    default:
      return { kind: "malformed", ...address };
  }
}
