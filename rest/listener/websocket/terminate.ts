/** What a socket that has been closed is given to answer the close, before its connection is cut. */
export const CLOSE_GRACE_MS = 5_000;

/**
 * Cuts the connection of a socket that does not answer our close.
 *
 * The runtime waits for that answer for ever, and after `close()` its idle
 * timeout watches no more (Deno 2.9.6, seen 2026-11): a peer that stays silent
 * would keep the connection, even one that never knew a key. There is no public
 * way to cut it, so the handle is looked for; where it is not found, nothing
 * happens and the connection lasts as long as its peer.
 */
export function terminate(socket: WebSocket): boolean {
  if (socket.readyState !== WebSocket.CLOSING) return false;
  const handle = Object.getOwnPropertySymbols(socket)
    .find((symbol) => symbol.description === "[[rid]]");
  if (handle === undefined) return false;
  const rid: unknown = Reflect.get(socket, handle);
  const tryClose = tryCloseOf(Deno);
  if (typeof rid !== "number" || tryClose === undefined) return false;
  tryClose(rid);
  return true;
}

function tryCloseOf(runtime: object): ((rid: number) => void) | undefined {
  const internal: unknown = Reflect.get(runtime, "internal");
  if (typeof internal !== "symbol") return undefined;
  const { core } = (Reflect.get(runtime, internal) ?? {}) as {
    core?: { tryClose?: unknown };
  };
  const tryClose = core?.tryClose;
  return typeof tryClose === "function"
    ? (rid) => tryClose.call(core, rid)
    : undefined;
}
