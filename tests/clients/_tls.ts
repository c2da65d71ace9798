const FIXTURES = new URL("../fixtures/tls/", import.meta.url);

/** The authority that signed the terminator's certificate. */
export const CA = Deno.readTextFileSync(new URL("ca.pem", FIXTURES));

/** Something that takes TLS off and passes the bytes on. */
export interface Terminator extends AsyncDisposable {
  readonly port: number;
}

/** Speaks TLS to callers on 127.0.0.1 and plain TCP to `target`: what stands in front of a proxy beyond one machine. */
export function startTerminator(target: number): Terminator {
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert: Deno.readTextFileSync(new URL("cert.pem", FIXTURES)),
    key: Deno.readTextFileSync(new URL("key.pem", FIXTURES)),
  });
  const open = new Set<Promise<void>>();
  const accepting = accept(listener, (connection) => {
    const joined = join(connection, target);
    open.add(joined);
    joined.finally(() => open.delete(joined));
  });
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(open);
    },
  };
}

async function accept(
  listener: Deno.TlsListener,
  onConnection: (connection: Deno.TlsConn) => void,
): Promise<void> {
  for (;;) {
    try {
      onConnection(await listener.accept());
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      // A caller that broke off its handshake: the next one may do better.
    }
  }
}

/** Settles when both sides have ended. */
async function join(caller: Deno.TlsConn, target: number): Promise<void> {
  const proxy = await Deno.connect({ hostname: "127.0.0.1", port: target });
  await Promise.allSettled([
    caller.readable.pipeTo(proxy.writable),
    proxy.readable.pipeTo(caller.writable),
  ]);
}
