/** What proxies ask one another. */
export type Question =
  /** Redis cannot be reached: may I go on with these, and you not take them, for `CONSENT_MS`? */
  | { readonly kind: "consent"; readonly scopes: readonly string[] }
  /** Do you, if you are `of`, still send for these? */
  | {
    readonly kind: "holding";
    readonly of: string;
    readonly scopes: readonly string[];
  }
  /** Something has changed in Redis. */
  | { readonly kind: "look" };

/** The scopes for which it is so, said by the proxy with this id. */
export interface PeerAnswer {
  readonly id: string;
  readonly scopes: readonly string[];
}

/** What came of a question: an answer, no process at that address any more, or silence. */
export type Asked = PeerAnswer | "gone" | "silent";

/** Reads a question; undefined where it is none. */
export function readQuestion(data: unknown): Question | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { kind, of, scopes } = data as Record<string, unknown>;
  if (kind === "look") return { kind };
  if (!isTexts(scopes)) return undefined;
  if (kind === "consent") return { kind, scopes };
  if (kind === "holding" && typeof of === "string") return { kind, of, scopes };
  return undefined;
}

/** Reads an answer; undefined where it is none. */
export function readPeerAnswer(data: unknown): PeerAnswer | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { id, scopes } = data as Record<string, unknown>;
  if (typeof id !== "string" || !isTexts(scopes)) return undefined;
  return { id, scopes };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) &&
    value.every((one) => typeof one === "string");
}
