import type { HttpServer } from "../../../deps.ts";

/** What a server of Node's notes of a request, to see whether its head takes too long. */
interface Note {
  headersCompleted: boolean;
  startTime: number;
  req: unknown;
}

/** Where it keeps them, by sockets, under a symbol that it tells nobody. */
const PLACE = "http.server.connections";
const MEMBER = "_active";

/**
 * The notes of one server. It takes each request's out when it is answered,
 * and so writes their table anew all the time; each outlived table keeps the
 * next one, and all those keep the requests that were in them (see
 * `TurnoverMap`). Here a note is emptied, and stays as long as its connection.
 */
class NotesOnHeads extends Map<object, Note> {
  override set(socket: object, note: Note): this {
    const known = this.get(socket);
    if (known === undefined) return super.set(socket, note);
    known.headersCompleted = note.headersCompleted;
    known.startTime = note.startTime;
    known.req = note.req;
    return this;
  }

  /** Says of the request that it is none whose head is to come. */
  override delete(socket: object): boolean {
    const known = this.get(socket);
    if (known === undefined) return false;
    known.headersCompleted = true;
    known.req = null;
    return true;
  }

  forget(socket: object): void {
    super.delete(socket);
  }
}

/**
 * Has a server that begins to listen keep its notes so that nothing else is
 * kept with them. Returns what to call once a connection is closed. Where they
 * are not where they are in Deno 2.9.6, all stays as it is.
 */
export function tidyNotesOf(server: HttpServer): (socket: object) => void {
  const place = Object.getOwnPropertySymbols(server)
    .find(({ description }) => description === PLACE);
  const list: unknown = place && Reflect.get(server, place);
  const isKnown = typeof list === "object" && list !== null &&
    MEMBER in list && isMapLike(list[MEMBER]);
  if (!isKnown) return nothing;
  const notes = new NotesOnHeads();
  Reflect.set(list, MEMBER, notes);
  return (socket) => notes.forget(socket);
}

/** The runtime's own maps are no instances of `Map`. */
function isMapLike(value: unknown): boolean {
  return typeof value === "object" && value !== null && "delete" in value &&
    "set" in value;
}

function nothing(): void {}
