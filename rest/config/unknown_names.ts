type Env = Readonly<Record<string, string | undefined>>;

/** Names with this prefix are ours: an unknown one is a typing mistake. */
const OUR_PREFIX = "REST_";

/** Names with this prefix may be a bot's own: only one that is nearly ours is a mistake. */
const SHARED_PREFIX = "DISCORD_";

/** Enough for `DISCORD_TOKN` and `DISCORD_TOKENS`; three would reach other names, such as `DISCORD_KEY`. */
const SHARED_SLIPS_MAX = 2;

/** A problem for each name that is not a setting and was probably meant to be one; `known` are the settings. */
export function unknownNames(env: Env, known: readonly string[]): string[] {
  return Object.keys(env)
    .filter((name) => !known.includes(name))
    .sort()
    .flatMap((name) => {
      const meant = nearestName(name, known);
      const isSlip = name.startsWith(OUR_PREFIX) ||
        (name.startsWith(SHARED_PREFIX) && isSharedSlip(name, env, known));
      if (!isSlip) return [];
      const hint = meant === undefined ? "" : `, did you mean ${meant}?`;
      // Without its value: a misspelt key is still a key.
      return [`${name} is not a setting${hint}`];
    });
}

/** Whether a name is nearly one of ours, or that of a token where ours is not set. */
function isSharedSlip(
  name: string,
  env: Env,
  known: readonly string[],
): boolean {
  if (nearestName(name, known, SHARED_SLIPS_MAX) !== undefined) return true;
  const meant = nearestName(name, known);
  return name.includes("TOKEN") && meant !== undefined &&
    (env[meant] ?? "").trim() === "";
}

/** A name with more wrong letters than this was probably meant for something else. */
const SLIPS_MAX = 4;

/** The known name somebody most likely meant, or undefined when none is within `slipsMax` letters. */
function nearestName(
  name: string,
  known: readonly string[],
  slipsMax = SLIPS_MAX,
): string | undefined {
  let best: string | undefined;
  let bestSlips = slipsMax + 1;
  for (const candidate of known) {
    const slips = slipsBetween(name, candidate);
    if (slips < bestSlips) {
      best = candidate;
      bestSlips = slips;
    }
  }
  return best;
}

/** Letters to add, drop or change to get from one to the other (Levenshtein). */
function slipsBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1;
      line.push(Math.min(
        (above[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + change,
      ));
    }
    above = line;
  }
  return above[to.length] ?? 0;
}
