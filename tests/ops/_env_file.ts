/** What becomes of `.env.example` once somebody has filled it in, for whatever reads such lines. */
const EXAMPLE = new URL("../../.env.example", import.meta.url);

/** Its settings, with a token and a key, as systemd and docker take them: each line as it stands. */
export function filledExample(key: string): Record<string, string> {
  const lines = Deno.readTextFileSync(EXAMPLE).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/=(.*)/s, 2));
  return {
    ...Object.fromEntries(lines),
    DISCORD_TOKEN: `${btoa("123456789012345678")}.a.b`,
    REST_AUTHORIZATION: key,
  };
}
