import type { ReadyInfo } from "../api/replies.ts";

/** The promise behind `client.ready`: for the present connection or the next, renewed each time one is lost. */
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

  /** A connection may carry requests. */
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

  /** The connection is lost: the promise is for the next one from now on. */
  renew(): void {
    if (!this.#isSettled) return;
    this.#isSettled = false;
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A caller need not wait for it: its rejection must not count as unhandled.
    this.#promise.catch(() => {});
  }
}
