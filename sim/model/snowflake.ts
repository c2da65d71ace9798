/** First millisecond of Discord's ids (docs, "Snowflakes"). */
const DISCORD_EPOCH_MS = 1_420_070_400_000;

/** When an id was made, or undefined when it is none. */
export function snowflakeAtMs(id: string): number | undefined {
  // 15 digits are 2015-01; more than 20 do not fit 64 bits.
  if (!/^\d{15,20}$/.test(id)) return undefined;
  return Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS;
}

/** An id made at `atMs` (the server's clock); `low` fills the bits below the time. */
export function snowflakeOf(atMs: number, low = 0): string {
  const ms = BigInt(Math.max(0, Math.floor(atMs - DISCORD_EPOCH_MS)));
  return String((ms << 22n) | BigInt(low & 0x3fffff));
}
