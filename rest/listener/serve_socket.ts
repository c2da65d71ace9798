import type { FactSink } from "../domain/fact.ts";
import type { HttpHandler } from "./http/desk.ts";
import { keepOpen } from "./keep_open.ts";
import { type Listener, servingWith } from "./serve.ts";

/** How a Unix socket is opened. */
export interface SocketOptions {
  readonly path: string;
  readonly facts: FactSink;
}

/** What others than the owner may not do with the socket: anything. Leaves mode 0600. */
const OWNER_ONLY = 0o177;

/** Opens a Unix socket for its owner alone; throws one sentence where that fails. */
export async function startSocketListener(
  { path, facts }: SocketOptions,
  handler: HttpHandler,
): Promise<Listener> {
  try {
    await makeWay(path);
    const open = () => serveOwner(path, facts, handler);
    return {
      url: `unix:${path}`,
      // Its shutdown removes the socket, too.
      ...keepOpen(open(), () => {
        // One that ended by itself may have left it.
        removeIfThere(path);
        return open();
      }, facts),
    };
  } catch (error) {
    throw new Error(`Cannot listen on unix:${path}: ${reasonOf(error)}`);
  }
}

/** The mode is there from the first moment: changing it afterwards would leave one in which anybody could connect. */
function serveOwner(
  path: string,
  facts: FactSink,
  handler: HttpHandler,
): Deno.HttpServer<Deno.UnixAddr> {
  const former = Deno.umask(OWNER_ONLY);
  try {
    return Deno.serve({ ...servingWith(facts), path }, handler);
  } finally {
    Deno.umask(former);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Then nothing is in the way, or opening tells what is.
  }
}

/** A reason that is a sentence of ours already. */
class Occupied extends Error {}

/** Removes the socket of a proxy that was killed, and nothing else. */
async function makeWay(path: string): Promise<void> {
  const there = await lookAt(path);
  if (there === undefined) return;
  if (!there.isSocket) {
    throw new Occupied("there is something that is not a socket");
  }
  if (await isAnswered(path)) {
    throw new Occupied("another process answers there; stop it");
  }
  await Deno.remove(path);
}

async function lookAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Nobody answers only where the connection is refused: whoever is busy, or not for us, is there. */
async function isAnswered(path: string): Promise<boolean> {
  try {
    const connection = await Deno.connect({ transport: "unix", path });
    connection.close();
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.ConnectionRefused);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Occupied) return error.message;
  if (error instanceof Deno.errors.AddrInUse) {
    return "another process began to listen there just now";
  }
  if (error instanceof Deno.errors.NotFound) {
    return "its directory does not exist";
  }
  const isForbidden = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
  return isForbidden
    ? "it is not permitted; check the directory, and --allow-read, --allow-write and --allow-sys"
    : "the path cannot be used; check REST_SOCKET";
}
