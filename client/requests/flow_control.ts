import type { Clock } from "../api/ports.ts";

/** Above this nothing is sent until the socket has emptied itself: more would only move the send queue into the kernel. */
const BUFFERED_MAX_BYTES = 4 * 1024 * 1024;

/** A WebSocket has no "drained" event, so `bufferedAmount` is read this often. */
const BUFFER_POLL_MS = 25;

/** The load of a connection. */
export interface Load {
  readonly bufferedBytes: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
}

/** Decides whether the server and the socket have room for another request, and reports when requests begin and cease to wait. */
export class FlowControl {
  readonly #clock: Clock;
  readonly #again: () => void;
  readonly #tell: (isBlocked: boolean) => void;
  #isBlocked = false;
  #cancelPoll: (() => void) | undefined;

  /** `again` is called when the socket's buffer may have room again; `tell` when requests begin or cease to wait. */
  constructor(
    clock: Clock,
    again: () => void,
    tell: (isBlocked: boolean) => void,
  ) {
    this.#clock = clock;
    this.#again = again;
    this.#tell = tell;
  }

  hasRoom(load: Load): boolean {
    return load.inFlight < load.maxInFlight &&
      load.bufferedBytes <= BUFFERED_MAX_BYTES;
  }

  /** Takes in whether requests wait although there is a connection. */
  report(isBlocked: boolean, load: Load): void {
    if (load.bufferedBytes > BUFFERED_MAX_BYTES) this.#poll();
    this.#report(isBlocked);
  }

  /** The connection is lost. */
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
