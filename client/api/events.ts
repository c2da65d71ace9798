import type { Closed, MissedReply, Notice, ReadyInfo } from "./types.ts";

/** What each event tells its listeners. */
export interface ClientEvents {
  connecting: [attempt: number];
  open: [];
  ready: [info: ReadyInfo];
  notice: [notice: Notice];
  missed: [reply: MissedReply];
  backpressure: [isOn: boolean];
  reconnecting: [delayMs: number, cause: Closed];
  close: [code: number, reason: string, willReconnect: boolean];
  error: [error: Error];
  ping: [rttMs: number];
}

export type EventName = keyof ClientEvents;

/** A listener may be async; its failure becomes an `error` event. */
export type Listener<Name extends EventName> = (
  ...args: ClientEvents[Name]
) => unknown;

type AnyListener = (...args: never[]) => unknown;

/** Calls listeners so that no failure of theirs can reach the client. */
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

  /** Tells every listener, waits for none. */
  emit<Name extends EventName>(
    name: Name,
    ...args: ClientEvents[Name]
  ): void {
    void this.deliver(name, ...args);
  }

  /** Tells every listener and settles when each has returned or failed; never rejects. */
  async deliver<Name extends EventName>(
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
      // A failing `error` listener has nobody left to tell.
      if (name === "error") return;
      this.emit("error", asError(thrown));
    }
  }
}

/** Whatever was thrown, as an `Error`. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
