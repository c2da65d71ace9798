/**
 * Stops on a broken promise between our own functions.
 *
 * For programmer errors only: bad input from a caller or from Discord is a
 * `Refusal`, never a broken invariant.
 */
export function invariant(isHeld: boolean, broken: string): asserts isHeld {
  if (!isHeld) throw new Error(`Invariant broken: ${broken}`);
}
