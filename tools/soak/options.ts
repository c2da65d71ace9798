/**
 * Reads `--name 5` and `--name=5`, all of them whole numbers from 0 up. Throws
 * one sentence on what it does not know.
 */
export function numberOptions<Name extends string>(
  args: readonly string[],
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const options: Record<string, number> = { ...defaults };
  const words = args.flatMap((arg) => arg.split("="));
  for (let at = 0; at < words.length; at += 2) {
    const name = (words[at] ?? "").replace(/^--/, "");
    const value = words[at + 1] ?? "";
    if (!Object.hasOwn(defaults, name)) {
      const known = Object.keys(defaults).map((each) => `--${each}`).join(", ");
      throw new Error(`Cannot read "${words[at]}": there are ${known}`);
    }
    if (!/^[0-9]{1,15}$/.test(value)) {
      throw new Error(`Cannot read --${name} "${value}": want a whole number`);
    }
    options[name] = Number(value);
  }
  return options as Record<Name, number>;
}
