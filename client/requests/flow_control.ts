import type { Clock } from "../api/clock.ts";

/** Above this the socket is left to empty itself; more would only move our queue into the kernel's. */
const BUFFERED_MAX_BYTES = 4 * 1024 * 1024;

/** There is no "drained" event on a WebSocket, so it is asked this often. */
const BUFFER_POLL_MS = 25;

/** What flow control looks at. */
export interface Gauge {
  readonly bufferedBytes: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
}

/** Says when requests have to wait for the server or the socket, and looks again when they may go. */
export class Flow {
  readonly #clock: Clock;
  readonly #again: () => void;
  readonly #tell: (isBlocked: boolean) => void;
  #isBlocked = false;
  #cancelPoll: (() => void) | undefined;

  /** `again` is called when the socket's buffer is worth another look. */
  constructor(
    clock: Clock,
    again: () => void,
    tell: (isBlocked: boolean) => void,
  ) {
    this.#clock = clock;
    this.#again = again;
    this.#tell = tell;
  }

  hasRoom(gauge: Gauge): boolean {
    return gauge.inFlight < gauge.maxInFlight &&
      gauge.bufferedBytes <= BUFFERED_MAX_BYTES;
  }

  /** Notes whether requests wait although there is a connection. */
  report(isBlocked: boolean, gauge: Gauge): void {
    if (gauge.bufferedBytes > BUFFERED_MAX_BYTES) this.#poll();
    this.#report(isBlocked);
  }

  /** There is no connection any more. */
  stop(): void {
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
    this.#report(NOT_BLOCKED);
  }

  #report(isBlocked: boolean): void {
    if (this.#isBlocked === isBlocked) return;
    this.#isBlocked = isBlocked;
    this.#tell(isBlocked);
  }

  #poll(): void {
    this.#cancelPoll ??= this.#clock.afterIdly(BUFFER_POLL_MS, () => {
      this.#cancelPoll = undefined;
      this.#again();
    });
  }
}

const NOT_BLOCKED = false;
