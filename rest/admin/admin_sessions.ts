import type { Operator } from "../domain/ports.ts";

/** A working day: who looks in the morning need not sign in again at noon. */
const SESSION_MS = 12 * 3_600_000;
/** Operators are few; the oldest sign-in ends where there are more. */
const SESSIONS_MAX = 100;

interface Session {
  readonly operator: Operator;
  readonly untilMs: number;
}

/** Who has signed in to the page. A restart, a rereading of the keys, and time end sessions. */
export class AdminSessions {
  readonly #newId: () => string;
  readonly #sessions = new Map<string, Session>();

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Opens a session; returns its id, which the cookie holds. */
  open(operator: Operator, nowMs: number): string {
    const id = this.#newId();
    this.#sessions.set(id, { operator, untilMs: nowMs + SESSION_MS });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > SESSIONS_MAX && oldest !== undefined) {
      this.#sessions.delete(oldest);
    }
    return id;
  }

  find(id: string, nowMs: number): Operator | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    if (nowMs < session.untilMs) return session.operator;
    this.#sessions.delete(id);
    return undefined;
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  endAll(): void {
    this.#sessions.clear();
  }
}
