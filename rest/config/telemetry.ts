/** The names of the runtime's own telemetry that decide whether it traces; none of them is a setting of ours. */
export const TELEMETRY_NAMES = ["OTEL_DENO", "OTEL_DENO_TRACING"] as const;

const ON: ReadonlySet<string> = new Set(["1", "true"]);
const OFF: ReadonlySet<string> = new Set(["0", "false"]);

/**
 * Refuses what would make the runtime export a span for each request it serves:
 * path and query are in it, and with them webhook tokens and `/key/…`
 * (seen 2026-11, Deno 2.9.6; no code of ours can keep it from that).
 */
export function telemetryProblems(
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const isOn = ON.has(wordOf(env["OTEL_DENO"]));
  const isTracing = !OFF.has(wordOf(env["OTEL_DENO_TRACING"]));
  if (!isOn || !isTracing) return [];
  return [
    "OTEL_DENO is on and OTEL_DENO_TRACING is not false: the runtime would " +
    "export the path of every request, with webhook tokens and keys in it; " +
    "set OTEL_DENO_TRACING=false, which leaves its metrics on",
  ];
}

function wordOf(value: string | undefined): string {
  return value?.trim().toLowerCase() ?? "";
}
