import type { HandedOver } from "./domain/owners.ts";
import type { Dispatcher } from "./dispatcher/types.ts";
import {
  refOf,
  type Restored,
  type RestoredEntry,
  type RestoredReply,
  type SessionRecord,
} from "./domain/entry.ts";
import type { Ticket } from "./domain/ports.ts";
import type { NamedRequests } from "./listener/http/named_requests.ts";
import type { WebSocketEndpoint } from "./listener/websocket/endpoint.ts";
import { discardBody } from "./streams/answer_streams.ts";

/** Who goes on with what another process has left. */
export interface RestoringParts {
  readonly dispatcher: Dispatcher;
  readonly named: NamedRequests;
  readonly sockets: WebSocketEndpoint;
}

/**
 * Goes on with what another process has left, as it is found: requests that wait
 * at once, in the order of their ids, and sessions when all of their REPLYs are
 * there, since new ones are numbered behind them. Until it has ended nobody may be
 * served who may ask for any of it.
 */
export class Restoration {
  readonly #parts: RestoringParts;
  readonly #sessions: SessionRecord[] = [];
  readonly #replies = new Map<string, RestoredReply[]>();
  /** Requests of sessions. Those that wait are sent meanwhile, and their answers stay where they are. */
  #frames: { restored: RestoredEntry; ticket: Ticket | undefined }[] = [];

  constructor(parts: RestoringParts) {
    this.#parts = parts;
  }

  add({ sessions, entries, replies }: Restored): void {
    this.#sessions.push(...sessions);
    for (const { owner, session, reply } of replies) {
      this.#note(owner, session, reply);
    }
    for (const restored of entries) this.#addEntry(restored);
  }

  end(): void {
    const { sockets } = this.#parts;
    for (const record of this.#sessions) {
      const name = `${record.owner} ${record.name}`;
      sockets.restoreSession(record, this.#replies.get(name) ?? []);
    }
    for (const { restored, ticket } of this.#frames) {
      sockets.restoreFrame(restored, ticket);
    }
    this.#frames = [];
  }

  /** Another process answers what is answered here from now on: its journal says that it may have been sent. */
  drop(): void {
    for (const { ticket } of this.#frames) {
      ticket?.answer.then(discardBody, () => {});
    }
    this.#frames = [];
  }

  #addEntry(restored: RestoredEntry): void {
    const { dispatcher, named, sockets } = this.#parts;
    const { entry, outcome, reply } = restored;
    const { guarantee } = entry;
    const session = guarantee?.frame?.session;
    if (guarantee !== undefined && session !== undefined) {
      if (reply === undefined) return this.#addFrame(restored);
      const { owner, fingerprint } = guarantee;
      const ref = refOf(entry);
      return this.#note(owner, session, { ...reply, fingerprint, entry: ref });
    }
    if (reply !== undefined) return;
    const ticket = outcome === undefined
      ? dispatcher.restore(restored)
      : undefined;
    if (guarantee?.frame !== undefined) sockets.restoreFrame(restored, ticket);
    else if (guarantee !== undefined) named.restore(restored, ticket);
    else if (outcome !== undefined) dispatcher.restoreOutcome(restored);
  }

  #addFrame(restored: RestoredEntry): void {
    const ticket = restored.outcome === undefined
      ? this.#parts.dispatcher.restore(restored)
      : undefined;
    this.#frames.push({ restored, ticket });
  }

  #note(owner: string, session: string, reply: RestoredReply): void {
    const name = `${owner} ${session}`;
    const own = this.#replies.get(name);
    if (own === undefined) this.#replies.set(name, [reply]);
    else own.push(reply);
  }
}

/** Hands everything of a scope to another proxy; settles when nothing of it is under way here. */
export async function release(
  handed: HandedOver,
  { dispatcher, sockets }: Pick<RestoringParts, "dispatcher" | "sockets">,
): Promise<void> {
  // What is in flight is still answered, and its REPLYs numbered, here.
  await dispatcher.release(handed);
  sockets.release(handed);
}
