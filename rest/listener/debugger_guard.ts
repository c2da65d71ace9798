import { closeInspector } from "../../deps.ts";

/** The runtime opens it within 3 ms of the signal (seen 2026-11, Deno 2.9.6); a busy process may take longer. */
const WATCH_MS = 250;

/**
 * Shuts the debugger that the runtime opens on 127.0.0.1:9229 at SIGUSR1:
 * whoever reached it could read keys and tokens out of the memory. To listen
 * to the signal does not keep it shut, and nothing tells when it is open, so it
 * is closed again and again for a moment. Windows has no such signal.
 */
export function keepDebuggerShut(onSignal: () => void): void {
  if (Deno.build.os === "windows") return;
  Deno.addSignalListener("SIGUSR1", () => {
    onSignal();
    const untilMs = performance.now() + WATCH_MS;
    const shut = () => {
      closeInspector();
      if (performance.now() < untilMs) setTimeout(shut, 1);
    };
    shut();
  });
}
