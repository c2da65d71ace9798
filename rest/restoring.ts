import type { HandedOver } from "./domain/owners.ts";
import type { Dispatcher } from "./dispatcher/types.ts";
import type { ReplyRecord, Restored, RestoredEntry } from "./domain/entry.ts";
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
 * Goes on with everything that another process has left: its sessions with
 * their replies first, then its requests in the order of their ids. To be called
 * before anybody is served who may ask for them.
 */
export function restore(
  { sessions, entries, replies }: Restored,
  parts: RestoringParts,
): void {
  const bySession = new Map<string, ReplyRecord[]>();
  const note = (owner: string, session: string, reply: ReplyRecord) => {
    const own = bySession.get(`${owner} ${session}`);
    if (own === undefined) bySession.set(`${owner} ${session}`, [reply]);
    else own.push(reply);
  };
  for (const { owner, session, reply } of replies) note(owner, session, reply);
  for (const { entry: { guarantee }, reply } of entries) {
    const session = guarantee?.frame?.session;
    if (guarantee === undefined || session === undefined) continue;
    const { owner, fingerprint } = guarantee;
    if (reply !== undefined) note(owner, session, { ...reply, fingerprint });
  }
  for (const record of sessions) {
    const own = bySession.get(`${record.owner} ${record.name}`) ?? [];
    parts.sockets.restoreSession(record, own);
  }
  for (const restored of entries) {
    if (restored.reply === undefined) restoreEntry(restored, parts);
  }
}

function restoreEntry(
  restored: RestoredEntry,
  { dispatcher, named, sockets }: RestoringParts,
): void {
  const { entry: { guarantee }, outcome } = restored;
  let ticket: Ticket | undefined;
  if (outcome === undefined) ticket = dispatcher.restore(restored);
  if (guarantee?.frame !== undefined) sockets.restoreFrame(restored, ticket);
  else if (guarantee !== undefined) named.restore(restored, ticket);
  else if (outcome !== undefined) dispatcher.restoreOutcome(restored);
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
