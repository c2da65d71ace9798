/** A wire that can be cut: passes bytes on to a server and drops both ends when told. */
export interface Relay extends AsyncDisposable {
  readonly url: string;
  /** Ends every connection without a closing handshake, as a dead network does. */
  cut(): void;
}

/** Starts a relay in front of a WebSocket address. */
export function startRelay(url: string): Relay {
  const serverPort = Number(new URL(url).port);
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const open = new Set<Deno.Conn>();
  const running: Promise<unknown>[] = [];

  const join = async (near: Deno.Conn): Promise<void> => {
    open.add(near);
    const far = await Deno.connect({ port: serverPort });
    open.add(far);
    const pipes = [
      near.readable.pipeTo(far.writable),
      far.readable.pipeTo(near.writable),
    ];
    await Promise.allSettled(pipes);
    open.delete(near);
    open.delete(far);
  };

  const accept = async (): Promise<void> => {
    for await (const near of listener) running.push(join(near));
  };
  running.push(accept());

  const cut = () => {
    for (const conn of open) {
      try {
        conn.close();
      } catch {
        // Its other end was faster.
      }
    }
    open.clear();
  };
  const here = new URL(url);
  here.port = String((listener.addr as Deno.NetAddr).port);
  return {
    url: here.href,
    cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await Promise.allSettled(running);
    },
  };
}
