/**
 * The name of the key in a caller's name, which goes on with `/` or `@` and
 * whose it is. Whatever one key may use up is counted under it.
 */
export function keyNameOf(caller: string): string {
  const end = caller.search(/[/@]/);
  return end < 0 ? caller : caller.slice(0, end);
}
