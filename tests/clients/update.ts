/** Tries the client libraries and writes down what came of it: `results.json`, and the README's matrix. */
import { tour } from "./_tour.ts";
import { withMatrix } from "./matrix.ts";

const RESULTS = new URL("results.json", import.meta.url);
const README = new URL("../../README.md", import.meta.url);

if (import.meta.main) await update();

async function update(): Promise<void> {
  await using found = await tour();
  const { results } = found;
  await Deno.writeTextFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  const readme = await Deno.readTextFile(README);
  await Deno.writeTextFile(README, withMatrix(readme, results));
}
