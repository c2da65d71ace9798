import type { Answer } from "../../domain/answer.ts";

/**
 * Routes whose answers are channels or hold some. A channel tells the guild it
 * is in (docs: "Channel Object"), and some limits are counted by guild though
 * their paths name the channel alone (api-docs #8082).
 */
const TELLING: ReadonlySet<string> = new Set([
  "GET /channels/{channel_id}",
  "PATCH /channels/{channel_id}",
  "POST /channels/{channel_id}/threads",
  "POST /channels/{channel_id}/messages/{message_id}/threads",
  "GET /guilds/{guild_id}/channels",
  "POST /guilds/{guild_id}/channels",
  "GET /guilds/{guild_id}/threads/active",
]);

/** A channel is some 1 KiB, a guild's list of them may be 200: larger ones stream, and are not looked into. */
const READ_BYTES_MAX = 262_144;

const decoder = new TextDecoder();

/** Which channels an answer tells the guild of, as pairs of ids; undefined where none. */
export function guildsTold(
  label: string,
  { status, body }: Answer,
): ReadonlyArray<readonly [string, string]> | undefined {
  if (!TELLING.has(label) || status < 200 || status > 299) return undefined;
  if (!(body instanceof Uint8Array) || body.byteLength > READ_BYTES_MAX) {
    return undefined;
  }
  try {
    const told = channelsOf(JSON.parse(decoder.decode(body)))
      .flatMap(pairOf);
    return told.length === 0 ? undefined : told;
  } catch {
    return undefined; // Compressed, or no JSON: nothing to know.
  }
}

function channelsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return [];
  const { threads } = value as { threads?: unknown };
  return Array.isArray(threads) ? threads : [value];
}

function pairOf(value: unknown): Array<readonly [string, string]> {
  if (typeof value !== "object" || value === null) return [];
  const { id, guild_id: guild } = value as { id?: unknown; guild_id?: unknown };
  return typeof id === "string" && typeof guild === "string"
    ? [[id, guild]]
    : [];
}
