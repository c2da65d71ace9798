/**
 * Which global limit a route is under. `bot` counts against the identity's
 * global limit; interactions and token webhooks are outside it
 * (Discord docs, "Receiving and responding": interaction endpoints are not
 * bound to the bot's global rate limit) and have lanes of their own.
 */
export type Lane = "bot" | "interaction" | "webhook";

/** What the rules need to know of a request's path; a pure function of method, path and time. */
export interface RouteFacts {
  /** Method and template, ids stripped, safe to log: `POST /channels/{channel_id}/messages`. */
  readonly label: string;
  /**
   * What shares a bucket before Discord has told its hash: the label, but for
   * the special cases (reactions are one, deletions are split by age).
   */
  readonly key: string;
  /** Top-level resource value, or "" where there is none. Tokens in it are hashed: safe to keep. */
  readonly major: string;
  readonly lane: Lane;
  /** False where the proxy's own token must not go upstream. */
  readonly takesBotToken: boolean;
  /** True where the path itself carries a webhook or interaction token. */
  readonly carriesToken: boolean;
  /**
   * Requests of one identity with the same order key leave one after the
   * other's answer; undefined goes side by side.
   */
  readonly orderKey: string | undefined;
  /** Webhook id (top level), for remembering webhooks that are gone; undefined for interactions. */
  readonly webhookId: string | undefined;
}
