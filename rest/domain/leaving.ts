import type { CallerGone, LeaveListener } from "./ports.ts";

/** A caller's leaving, told on to one who listens later. */
export class Leaving implements CallerGone {
  aborted = false;
  #listener: LeaveListener | undefined;

  /** The caller has left. */
  tell(): void {
    this.aborted = true;
    this.#listener?.handleEvent();
  }

  addEventListener(_type: "abort", listener: LeaveListener): void {
    this.#listener = listener;
  }

  removeEventListener(_type: "abort", _listener: LeaveListener): void {
    this.#listener = undefined;
  }
}
