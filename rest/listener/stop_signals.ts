import type { Clock } from "../domain/ports.ts";

/** Windows has no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * A terminal sends Ctrl-C to `deno task` and to the process that it started,
 * systemd does the same with SIGTERM, and `deno task` passes on what it gets:
 * two signals within this time are one.
 */
const ONE_SIGNAL_MS = 500;

/** Calls `begin` when the process is asked to end; by another signal it ends at once. Returns how to ask by the page's button, which may be pressed twice. */
export function onStopSignal(
  { nowMs }: Pick<Clock, "nowMs">,
  begin: (who: string) => void,
): (who: string) => void {
  let askedAtMs: number | undefined;
  function ask(who: string): void {
    if (askedAtMs === undefined) {
      askedAtMs = nowMs();
      begin(who);
    } else if (nowMs() - askedAtMs >= ONE_SIGNAL_MS) Deno.exit(1);
  }
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => ask(signal));
  }
  return (who) => {
    if (askedAtMs === undefined) ask(who);
  };
}
