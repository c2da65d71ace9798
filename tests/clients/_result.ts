/** "yes", or in words what came instead. */
export type Came = string;

/** What the trial of one library found: plain data, the source of the matrix of docs/clients.md. */
export interface ClientResult {
  readonly library: string;
  readonly version: string;
  /** How it was pointed at the proxy. */
  readonly lines: string;
  readonly read: Came;
  readonly message: Came;
  readonly files: Came;
  readonly edit: Came;
  readonly reaction: Came;
  readonly reason: Came;
  readonly deletion: Came;
  readonly callback: Came;
  readonly webhook: Came;
  /** Whether it sends an `Authorization` where the path carries a token. */
  readonly showsKey: { readonly callback: boolean; readonly webhook: boolean };
  /** A callback with the key in the path, to a proxy that wants the key everywhere. */
  readonly keyInPath: Came;
  /** How much of an error of Discord's reaches the caller. */
  readonly discordError: "code and nested errors" | "code" | "message";
  /** 30 calls at once on one limited route. */
  readonly burst: {
    readonly answered: number;
    readonly seen429: number;
    /** Several of them are with the proxy at the same time. */
    readonly isSideBySide: boolean;
  };
  /** A 429 of the proxy's own. */
  readonly refused429: "waits and sends again" | "thrown";
  /** A 503 of the proxy's own. */
  readonly refused503: {
    readonly thrown: string;
    /** How often it asks before its caller is told. */
    readonly tries: number;
    /** It throws once more where nobody can catch it. */
    readonly isUnhandledToo: boolean;
  };
  /** Its own time-out, shorter than the wait; undefined: it has none. */
  readonly timeout?: {
    /** By itself; otherwise its caller is told, and sent it again. */
    readonly isSentAgain: boolean;
    readonly messagesArrived: number;
  };
}
