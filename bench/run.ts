/**
 * `deno task bench [case…] [--only=subject,…]`: every case through every
 * subject, one row each, against a simulated Discord in a process of its own.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { CASES } from "./cases.ts";
import { startDiscord } from "./discord.ts";
import { measure } from "./measure.ts";
import { SUBJECTS } from "./subjects.ts";
import { headLines, isReached, rowOf } from "./table.ts";

const USAGE = `deno task bench [case…] [--only=subject,…]

Cases: ${CASES.map(({ name }) => name).join(", ")}
Subjects: ${SUBJECTS.map(({ name }) => name).join(", ")}`;

const ONLY = "--only=";

if (Deno.args.includes("--help")) {
  console.log(USAGE);
  Deno.exit(0);
}
const names = Deno.args.filter((word) => !word.startsWith(ONLY));
const only = Deno.args.find((word) => word.startsWith(ONLY));
const cases = pick(CASES, names.length === 0 ? undefined : names);
const subjects = pick(SUBJECTS, only?.slice(ONLY.length).split(","));

await using discord = await startDiscord();
for (const { name, missing } of subjects) {
  if (missing !== undefined) console.log(`${name} is not here: ${missing}`);
}
const present = subjects.filter(({ missing }) => missing === undefined);
console.log(headLines());
let missed = 0;
for (const benchCase of cases) {
  for (const subject of present) {
    const result = await measure(benchCase, subject, discord);
    console.log(rowOf(result));
    if (subject.name === "sluice" && !isReached(result)) missed++;
  }
}
console.log(`\n${missed} of ${cases.length} cases missed`);

function pick<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  if (names === undefined) return all;
  return names.map((name) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    const known = all.map((one) => one.name).join(", ");
    console.error(`Cannot run "${name}": want one of ${known}`);
    Deno.exit(2);
  });
}
