/** `deno bench bench/scheduler_bench.ts`: one request through the machine, from enqueue to settled. */
import { SchedulerWorld } from "./scheduler_world.ts";

for (
  const [lines, waiting] of [[10, 100], [10, 100_000], [
    10_000,
    100_000,
  ]] as const
) {
  const world = new SchedulerWorld({ lines, waiting });
  world.run(5_000);
  const many = waiting.toLocaleString("en");
  const name = `${many} waiting in ${lines.toLocaleString("en")} lines`;
  Deno.bench(name, { group: "a request" }, () => world.run(1));
}
