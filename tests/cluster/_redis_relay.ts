import { connectTcp, createTcpServer, type Socket } from "../../deps.ts";

/** Between one proxy and Redis: a network that can be cut. */
export interface RedisRelay extends AsyncDisposable {
  readonly url: string;
  /** From now on nothing comes through in either direction, and nobody is told; what was sent comes when it is mended. */
  cut(): void;
  mend(): void;
  /** Connections that were made while it was cut. */
  readonly held: number;
}

/** Leads to the Redis at `port` on this machine. */
export async function startRedisRelay(port: number): Promise<RedisRelay> {
  const sockets = new Set<Socket>();
  /** Whose other end has closed while it was cut. */
  const untold = new Set<Socket>();
  let isCut = false;
  let held = 0;
  const track = (socket: Socket) => {
    sockets.add(socket);
    if (isCut) socket.pause();
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };
  const pass = (from: Socket, to: Socket) => {
    from.on("data", (bytes) => void to.write(bytes));
    from.on("close", () => {
      if (isCut) untold.add(to);
      else to.destroy();
    });
  };
  const server = createTcpServer({ noDelay: true }, (near) => {
    const far = connectTcp({ host: "127.0.0.1", port });
    pass(near, far);
    pass(far, near);
    track(near);
    track(far);
    if (isCut) held++;
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const address = server.address() as { port: number };
  return {
    url: `redis://127.0.0.1:${address.port}`,
    get held() {
      return held;
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      isCut = false;
      for (const socket of sockets) socket.resume();
      for (const socket of untold) socket.destroy();
      untold.clear();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
