const encoder = new TextEncoder();

/** Ends the process before it began: a line for each problem to standard error, and exit code 1. */
export function fail(problems: readonly string[]): never {
  Deno.stderr.writeSync(encoder.encode(problems.join("\n") + "\n"));
  Deno.exit(1);
}
