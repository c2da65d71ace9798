/**
 * How ids are called in labels, by the word in front of them: the names of
 * Discord's OpenAPI document. Words that are not here get their singular.
 */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["activity-instances", "{instance_id}"],
  ["applications", "{application_id}"],
  ["bans", "{user_id}"],
  ["channels", "{channel_id}"],
  ["commands", "{command_id}"],
  ["dms", "{user_id}"],
  ["emojis", "{emoji_id}"],
  ["entitlements", "{entitlement_id}"],
  ["guilds", "{guild_id}"],
  ["interactions", "{interaction_id}"],
  ["invites", "{code}"],
  ["lobbies", "{lobby_id}"],
  ["members", "{user_id}"],
  ["messages", "{message_id}"],
  ["permissions", "{overwrite_id}"],
  ["pins", "{message_id}"],
  ["polls", "{message_id}"],
  ["reactions", "{emoji_name}"],
  ["recipients", "{user_id}"],
  ["roles", "{role_id}"],
  ["skus", "{sku_id}"],
  ["soundboard-sounds", "{sound_id}"],
  ["stage-instances", "{channel_id}"],
  ["sticker-packs", "{pack_id}"],
  ["stickers", "{sticker_id}"],
  ["target-users", "{user_id}"],
  ["templates", "{code}"],
  ["thread-members", "{user_id}"],
  ["users", "{user_id}"],
  ["voice-states", "{user_id}"],
  ["webhooks", "{webhook_id}"],
]);

/** The name a value gets in a label, from the word in front of it ("" where that is a value too). */
export function placeholderAfter(word: string): string {
  const known = NAMES.get(word);
  if (known !== undefined) return known;
  if (word === "") return "{id}";
  return `{${word.replace(/s$/, "").replace(/[^a-z]/g, "_")}_id}`;
}
