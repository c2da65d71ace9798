/**
 * `deno task bench:resources [memory] [beside] [core]`: what the proxy takes.
 * Memory, processor time and delay beside stock clients, and how much one core
 * serves; all three where none is named. Each takes three to five minutes.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { besideLines } from "./resources/beside.ts";
import { memoryLines } from "./resources/memory.ts";
import { coreLines } from "./resources/one_core.ts";

const PARTS: Readonly<Record<string, () => AsyncGenerator<string>>> = {
  memory: memoryLines,
  beside: besideLines,
  core: coreLines,
};

const names = Deno.args.length === 0 ? Object.keys(PARTS) : Deno.args;
for (const name of names) {
  const lines = PARTS[name];
  if (lines === undefined) {
    const known = Object.keys(PARTS).join(", ");
    console.error(`Cannot measure "${name}": want some of ${known}`);
    Deno.exit(2);
  }
  const [load = NaN] = Deno.loadavg();
  console.log(`${name}, at a load of ${load.toFixed(1)}:`);
  for await (const line of lines()) console.log(`  ${line}`);
}
