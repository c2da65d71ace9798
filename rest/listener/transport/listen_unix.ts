import { AcceptLoop } from "./accept_loop.ts";
import { createHandedHttp1Server } from "./http1_server.ts";
import { isError, isForbidden, type Listener } from "./listener.ts";
import { RuntimeSocket } from "./runtime_socket.ts";
import { type ServeOptions, stopTimers, transportOf } from "./transport.ts";

/** How a Unix socket is opened. */
export interface UnixListenOptions extends ServeOptions {
  readonly path: string;
}

/** What others than the owner may not do with the socket: anything. Leaves mode 0600. */
const OWNER_ONLY = 0o177;

/** Opens a Unix socket for its owner alone; rejects with one sentence where that fails. */
export async function startUnixListener(
  options: UnixListenOptions,
): Promise<Listener> {
  const { path } = options;
  let listener: Deno.UnixListener;
  try {
    await makeWay(path);
    listener = openForOwner(path);
  } catch (error) {
    throw new Error(`Cannot listen on unix:${path}: ${reasonOf(error)}`);
  }
  const transport = transportOf(options);
  const http1 = createHandedHttp1Server(transport);
  const accepting = new AcceptLoop(
    listener,
    transport,
    (raw: Deno.UnixConn) => http1.serve(new RuntimeSocket(raw)),
  );
  return {
    url: `unix:${path}`,
    endKeepAlive: () => transport.connections.endKeepAlive(),
    async shutdown() {
      accepting.close();
      removeIfThere(path);
      await transport.connections.close();
      http1.stop();
      stopTimers(transport);
    },
  };
}

/** The mode is there from the first moment: changing it afterwards would leave one in which anybody could connect. */
function openForOwner(path: string): Deno.UnixListener {
  const former = Deno.umask(OWNER_ONLY);
  try {
    return Deno.listen({ transport: "unix", path });
  } finally {
    Deno.umask(former);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The runtime has removed it.
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
  if (isError(error, Deno.errors.AddrInUse, "EADDRINUSE")) {
    return "another process began to listen there just now";
  }
  if (isError(error, Deno.errors.NotFound, "ENOENT")) {
    return "its directory does not exist";
  }
  return isForbidden(error)
    ? "it is not permitted; check the directory, and --allow-read, --allow-write and --allow-sys"
    : "the path cannot be used; check REST_SOCKET";
}
