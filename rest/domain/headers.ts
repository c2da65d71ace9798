/** Header fields in the order they came; names in lower case, repeats kept. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

/** First value of `name` (lower case), or undefined. */
export function headerOf(list: HeaderList, name: string): string | undefined {
  for (const field of list) if (field[0] === name) return field[1];
  return undefined;
}
