import type { State, Wake } from "../state.ts";

/** Has `target` looked at again at `atMs`; `undefined` or Infinity calls it off. */
export function wakeAt(
  state: State,
  target: Wake["target"],
  atMs: number | undefined,
): void {
  const wake = target.wake;
  if (atMs === undefined || atMs === Infinity) {
    if (wake === undefined) return;
    state.wakes.remove(wake);
    target.wake = undefined;
    return;
  }
  if (wake?.atMs === atMs) return;
  if (wake !== undefined) state.wakes.remove(wake);
  target.wake = { atMs, target, heapIndex: -1 };
  state.wakes.push(target.wake);
}
