import type { Closed, MissedReply, Notice, ReadyInfo } from "./replies.ts";

/** The events, each with the arguments of its listeners. */
export interface ClientEvents {
  /** An attempt to connect begins; the first is 1. */
  connecting: [attempt: number];
  /** The socket is open; the server has not authenticated the client yet. */
  open: [];
  /** Requests can be sent. */
  ready: [info: ReadyInfo];
  /** The proxy sent a message unasked. */
  notice: [notice: Notice];
  /** A reply to a request of an earlier process came. */
  missed: [reply: MissedReply];
  /** Requests begin (true) or cease (false) to wait for room. */
  backpressure: [isOn: boolean];
  /** The next attempt to connect begins in `delayMs`. */
  reconnecting: [delayMs: number, cause: Closed];
  /** A connection, or an attempt to connect, ended. */
  close: [code: number, reason: string, willReconnect: boolean];
  /** Something failed that belongs to no request. */
  error: [error: Error];
  /** A `PING` was answered after `rttMs`. */
  ping: [rttMs: number];
}

/** The name of an event. */
export type EventName = keyof ClientEvents;

/** A listener may be async; its failure becomes an `error` event. */
export type Listener<Name extends EventName> = (
  ...args: ClientEvents[Name]
) => unknown;

type AnyListener = (...args: never[]) => unknown;

/** Calls listeners; what they throw becomes an `error` event and never reaches the client. */
export class Emitter {
  readonly #listeners = new Map<EventName, Set<AnyListener>>();

  /** Adds a listener; the returned function removes it. */
  on<Name extends EventName>(
    name: Name,
    listener: Listener<Name>,
  ): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  hasListener(name: EventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Calls every listener and waits for none. */
  emit<Name extends EventName>(
    name: Name,
    ...args: ClientEvents[Name]
  ): void {
    void this.emitAndWait(name, ...args);
  }

  /** Calls every listener and settles when each has returned or failed; never rejects. */
  async emitAndWait<Name extends EventName>(
    name: Name,
    ...args: ClientEvents[Name]
  ): Promise<void> {
    const listeners = [...this.#listeners.get(name) ?? []];
    await Promise.all(
      listeners.map((listener) =>
        this.#call(name, listener as Listener<Name>, args)
      ),
    );
  }

  async #call<Name extends EventName>(
    name: Name,
    listener: Listener<Name>,
    args: ClientEvents[Name],
  ): Promise<void> {
    try {
      await listener(...args);
    } catch (thrown) {
      // There is nobody to tell about a failing `error` listener.
      if (name === "error") return;
      this.emit("error", asError(thrown));
    }
  }
}

/** Wraps what is no `Error` into one. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
