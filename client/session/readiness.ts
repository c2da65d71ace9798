import type { ReadyInfo } from "../api/types.ts";

/** A promise for the present or the next connection, renewed each time one is lost. */
export class Readiness {
  #promise!: Promise<ReadyInfo>;
  #resolve!: (info: ReadyInfo) => void;
  #reject!: (failure: unknown) => void;
  #isSettled = true;

  constructor() {
    this.renew();
  }

  get promise(): Promise<ReadyInfo> {
    return this.#promise;
  }

  ready(info: ReadyInfo): void {
    this.#isSettled = true;
    this.#resolve(info);
  }

  /** There will be no further connection. */
  fail(failure: unknown): void {
    this.renew();
    this.#isSettled = true;
    this.#reject(failure);
  }

  /** The connection is gone: who asks from now on waits for the next. */
  renew(): void {
    if (!this.#isSettled) return;
    this.#isSettled = false;
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Nobody has to wait for it: its failure is no unhandled rejection.
    this.#promise.catch(() => {});
  }
}
