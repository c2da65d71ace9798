/** Header fields in the order they came; names in lower case, repeats kept. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

/** First value of `name` (lower case), or undefined. */
export function headerOf(list: HeaderList, name: string): string | undefined {
  for (const field of list) if (field[0] === name) return field[1];
  return undefined;
}

/** Headers that describe one connection, not the message on it (RFC 9110, 7.6.1). */
export const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Headers between a client and its proxy begin with this. */
export const PROXY_PREFIX = "proxy-";

/** The further headers that `Connection` names as being for one connection only. */
export function namedByConnection(value: string): ReadonlySet<string> {
  return new Set(value.toLowerCase().split(",").map((name) => name.trim()));
}
