/** Header fields as sent on the wire: order, case and repeats kept. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

/** One request as Discord would see it. */
export interface SimRequest {
  readonly method: string;
  /** The raw request target: path and query, not normalised. */
  readonly target: string;
  readonly headers: HeaderList;
  /** The beginning of the body, enough to read its JSON; empty without one. */
  readonly body: Uint8Array;
  readonly bodyBytes: number;
  /** Hex digest of the whole body. */
  readonly bodySha256: string;
  readonly remoteIp: string;
  /** True when the connection has carried a request before. */
  readonly isReused: boolean;
}

/** First value of a header; `name` in lower case. */
export function headerOf(
  headers: HeaderList,
  name: string,
): string | undefined {
  for (const [key, value] of headers) {
    if (key.length === name.length && key.toLowerCase() === name) return value;
  }
  return undefined;
}

const NO_BODY = new Uint8Array(0);

/** A request for tests of the model alone; only what matters needs saying. */
export function simRequestOf(
  method: string,
  target: string,
  change: {
    headers?: HeaderList;
    json?: unknown;
    body?: Uint8Array;
    authorization?: string | null;
    remoteIp?: string;
    isReused?: boolean;
  } = {},
): SimRequest {
  const headers: Array<readonly [string, string]> = [...change.headers ?? []];
  const { authorization = "Bot test.token", json } = change;
  if (authorization !== null) headers.push(["authorization", authorization]);
  if (json !== undefined) headers.push(["content-type", "application/json"]);
  const body = json === undefined
    ? change.body ?? NO_BODY
    : new TextEncoder().encode(JSON.stringify(json));
  return {
    method,
    target,
    headers,
    body,
    bodyBytes: body.length,
    bodySha256: "",
    remoteIp: change.remoteIp ?? "127.0.0.1",
    isReused: change.isReused ?? false,
  };
}
