/**
 * The simulated Discord as a process of its own, so that it does not share a
 * core's time with what is measured: options from one JSON argument, one line
 * `{"url":…}` on stdout, ends on SIGTERM or SIGINT.
 */
import { type SimOptions, startSim } from "./server.ts";

const options: SimOptions = JSON.parse(Deno.args[0] ?? "{}");
const sim = await startSim(options);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.addSignalListener(signal, async () => {
    await sim.close();
    Deno.exit(0);
  });
}

const line = new TextEncoder().encode(`${JSON.stringify({ url: sim.url })}\n`);
await Deno.stdout.write(line);
