/** More slips than this and the name was probably meant for something else. */
const SLIPS_MAX = 4;

/** The known name somebody most likely meant, or undefined when none is within `slipsMax` letters. */
export function nearestName(
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
