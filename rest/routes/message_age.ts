/** Discord's ids count milliseconds from the first second of 2015 (docs: snowflakes). */
const DISCORD_EPOCH_MS = 1_420_070_400_000;
/** The lower 22 bits of an id are not time. */
const TICKS_PER_MS = 4_194_304;

/** Below this a deletion spends the bucket of new messages (discord-api-docs #8330, seen 2026-05). */
const YOUNG_MS = 10_000;
/** Above this, that of old ones (discord-api-docs #1295, #8330). */
const OLD_MS = 14 * 24 * 60 * 60 * 1_000;

/** The age of a message as Discord's deletion buckets see it. */
export type AgeClass = "young" | "middle" | "old";

/** Which of the three deletion buckets a message is in. What is no id at all counts as young. */
export function ageClassOf(messageId: string, wallMs: number): AgeClass {
  // A double holds the upper 53 bits, so the time in it is exact to the millisecond.
  const createdAtMs = Number(messageId) / TICKS_PER_MS + DISCORD_EPOCH_MS;
  const ageMs = wallMs - createdAtMs;
  if (ageMs > OLD_MS) return "old";
  // A 404 spends the bucket of new messages too (seen 2026-05), and so may nonsense (NaN).
  return ageMs >= YOUNG_MS ? "middle" : "young";
}
