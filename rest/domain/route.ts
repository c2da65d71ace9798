import type { LaneName } from "./lane.ts";

/** What the scheduler needs to know of a route; a pure function of method, path and time. */
export interface RouteFacts {
  /** Method and template without ids, safe to log: `POST /channels/{channel_id}/messages`. */
  readonly label: string;
  /**
   * Names the routes that share a bucket, until Discord has told its hash. It is
   * the label, except that all reactions have one and deletions are split by age.
   */
  readonly key: string;
  /** The major parameter (top-level resource), or "". Tokens in it are hashed: safe to keep. */
  readonly major: string;
  readonly lane: LaneName;
  /** False if the proxy's own token must not be sent. */
  readonly takesBotToken: boolean;
  /** True if the path contains a webhook or interaction token. */
  readonly carriesToken: boolean;
  /**
   * Of the requests of one identity with the same order key and place, each is
   * sent after the answer to the one before. Requests without a key are sent
   * side by side.
   */
  readonly orderKey: string | undefined;
  readonly orderPlace: string;
  /** Webhook id, to remember webhooks that do not exist any more; undefined for other routes. */
  readonly webhookId: string | undefined;
}
