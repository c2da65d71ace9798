/**
 * Throws if a promise between our own functions is broken.
 *
 * For programming errors only: bad input from a caller or from Discord is a
 * `Refusal`, never a broken invariant.
 */
export function invariant(
  condition: boolean,
  broken: string,
): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${broken}`);
}
