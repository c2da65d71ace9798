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
  /** Requests of sessions. Those that wait are sent meanwhile; the journal has their answers before they have their numbers. */
  #frames: { restored: RestoredEntry; ticket: Ticket | undefined }[] = [];
  /** From the first message on that may be one that failed, whose nonce is among the outcomes: what is behind it is not to pass it. */
  #held: readonly RestoredEntry[] = [];

  constructor(parts: RestoringParts) {
    this.#parts = parts;
  }

  add({ sessions, entries, replies }: Restored): void {
    this.#sessions.push(...sessions);
    for (const { owner, session, reply } of replies) {
      this.#note(owner, session, reply);
    }
    const heldAt = entries.findIndex(mayHaveFailed);
    const goesOn = heldAt < 0 ? entries : entries.slice(0, heldAt);
    for (const restored of goesOn) this.#addEntry(restored);
    if (heldAt >= 0) this.#held = this.#held.concat(entries.slice(heldAt));
  }

  end(): void {
    const { sockets } = this.#parts;
    for (const restored of this.#held) this.#addEntry(restored);
    this.#held = [];
    for (const record of this.#sessions) {
      const name = `${record.owner} ${record.name}`;
      sockets.restoreSession(record, this.#replies.get(name) ?? []);
    }
    for (const { restored, ticket } of this.#frames) {
      sockets.restoreFrame(restored, ticket);
    }
    this.#frames = [];
  }

  /** Another process has the sessions. What is answered here is still written down for it, for as long as its rows are ours. */
  drop(): void {
    this.#frames = [];
    this.#held = [];
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
    const { dispatcher, sockets } = this.#parts;
    const ticket = restored.outcome === undefined
      ? sockets.expectFrame(dispatcher.restore(restored))
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

/** Whether it waits, and may be the second try of a message that failed (`MessageNonces`). */
function mayHaveFailed({ entry, outcome, reply }: RestoredEntry): boolean {
  const { guarantee, nonce } = entry;
  const isWaiting = outcome === undefined && reply === undefined;
  return isWaiting && guarantee === undefined && nonce?.added !== undefined &&
    nonce.sentWallMs === undefined;
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
