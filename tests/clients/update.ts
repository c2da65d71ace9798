/** Tries the client libraries and writes down what came of it: `results.json`, and the clients page's matrix. */
import { tour } from "./_tour.ts";
import { withMatrix } from "./matrix.ts";

const RESULTS = new URL("results.json", import.meta.url);
const PAGE = new URL("../../docs/clients.md", import.meta.url);

if (import.meta.main) await update();

async function update(): Promise<void> {
  await using found = await tour();
  const { results } = found;
  await Deno.writeTextFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  const page = await Deno.readTextFile(PAGE);
  await Deno.writeTextFile(PAGE, withMatrix(page, results));
}
