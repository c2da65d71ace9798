import type { RawRequest } from "./raw_http.ts";

const MESSAGE = JSON.stringify({ content: "x".repeat(180) });
const DEFERRED = JSON.stringify({ type: 5 });
/** Followed by an id, it is as long as a webhook's token. */
const TOKEN_START = "t".repeat(49);

const FIRST_OWNER = 1_300_000_000_000_000_000n;
/** Far from the owners; each has room for a million. */
const FIRST_INTERACTION = 1_400_000_000_000_000_000n;
const INTERACTIONS_EACH = 1_000_000n;

/**
 * What a bot sends, in turn. Half of it is outside the global limit, whose
 * highest setting (10,000/s) would bind otherwise. Each `owner` has a channel
 * and a webhook of its own, and each interaction is new, as they are: of two
 * owners none waits for the other's answer.
 */
export function requestOf(owner: number, turn: number): RawRequest {
  const id = FIRST_OWNER + BigInt(owner);
  const post = (path: string, body: string): RawRequest => ({
    method: "POST",
    target: `/api/v10${path}`,
    body,
  });
  switch (turn % 4) {
    case 0:
      return {
        method: "GET",
        target: `/api/v10/channels/${id}/messages/${id}`,
      };
    case 1:
      return post(`/channels/${id}/messages`, MESSAGE);
    case 2:
      return post(`/webhooks/${id}/${TOKEN_START}${id}`, MESSAGE);
    default: {
      const interaction = FIRST_INTERACTION +
        BigInt(owner) * INTERACTIONS_EACH + BigInt(turn);
      const token = `${TOKEN_START}${interaction}`;
      return post(`/interactions/${interaction}/${token}/callback`, DEFERRED);
    }
  }
}
