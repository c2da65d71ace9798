/** `deno bench bench/scheduler_bench.ts`: one request through the machine, from enqueue to settled. */
import { SchedulerWorld } from "./scheduler_world.ts";

for (
  const [lines, perLine] of [[10, 10], [10_000, 10], [10, 10_000]] as const
) {
  const world = new SchedulerWorld(lines, perLine);
  world.run(5_000);
  const waiting = (lines * perLine).toLocaleString("en");
  const name = `${waiting} waiting in ${lines.toLocaleString("en")} lines`;
  Deno.bench(name, { group: "a request" }, () => world.run(1));
}
