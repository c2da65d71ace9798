import { connectTcp, createTcpServer, type Socket } from "../../deps.ts";
import { drawMs, type Random, type Range } from "../../sim/model/random.ts";

/**
 * How a connection dies: both ends are reset at once; or in the middle of the
 * next message; or only the caller's end is reset, and the server's end stays
 * open and receives nothing more.
 */
const CUTS = ["reset", "torn", "ghost"] as const;
export type Cut = typeof CUTS[number];

/** Between callers and a server: passes bytes on, and kills each connection after a while. */
export interface CuttingRelay extends AsyncDisposable {
  readonly port: number;
  /** How many connections died in each way. */
  readonly cuts: Readonly<Record<Cut, number>>;
}

export interface RelayOptions {
  /** Port of the server, on loopback; of several each connection gets one that is drawn. */
  readonly serverPort: number | readonly number[];
  readonly random: Random;
  /** How long a connection lives. */
  readonly lifeMs: Range;
  /** The ways to die, drawn from evenly. */
  readonly ways?: readonly Cut[];
  /** How long the server's end of a ghost lives on. */
  readonly ghostMs?: number;
}

/** Long enough that the server accepts the ghost's successor before the ghost is gone. */
const GHOST_MS = 2_000;

export async function startCuttingRelay(
  options: RelayOptions,
): Promise<CuttingRelay> {
  const { serverPort, random, lifeMs, ways = CUTS, ghostMs = GHOST_MS } =
    options;
  const cuts: Record<Cut, number> = { reset: 0, torn: 0, ghost: 0 };
  const pairs = new Set<Pair>();
  const server = createTcpServer({ noDelay: true }, (near) => {
    const port = typeof serverPort === "number"
      ? serverPort
      : serverPort[Math.floor(random() * serverPort.length)] ?? 0;
    const far = connectTcp({ port, host: "127.0.0.1" });
    far.setNoDelay();
    const way = ways[Math.floor(random() * ways.length)] ?? "reset";
    const pair = new Pair(near, far, {
      way,
      afterMs: drawMs(random, lifeMs),
      ghostMs,
      onCut: () => cuts[way]++,
      onGone: () => pairs.delete(pair),
    });
    pairs.add(pair);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === "object" ? address?.port ?? 0 : 0,
    cuts,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const pair of pairs) pair.end();
      await closed;
    },
  };
}

interface Fate {
  readonly way: Cut;
  readonly afterMs: number;
  readonly ghostMs: number;
  readonly onCut: () => void;
  /** Both ends are closed. */
  readonly onGone: () => void;
}

/** One caller's connection and the one to the server behind it. */
class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #fate: Fate;
  #timer: ReturnType<typeof setTimeout>;
  #state: "whole" | "tearing" | "ghost" = "whole";
  #open = 2;

  constructor(near: Socket, far: Socket, fate: Fate) {
    this.#near = near;
    this.#far = far;
    this.#fate = fate;
    this.#timer = setTimeout(() => this.#cut(), fate.afterMs);
    this.#join(near, far);
    this.#join(far, near);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
  }

  #join(from: Socket, to: Socket): void {
    from.on("data", (chunk: Uint8Array) => this.#pass(chunk, from, to));
    from.on("drain", () => to.resume());
    // The `close` event that follows is handled; this one needs nothing.
    from.on("error", () => {});
    from.on("close", () => {
      // A ghost's far end outlives the near one.
      if (this.#state !== "ghost") to.destroySoon();
      this.#open--;
      if (this.#open > 0) return;
      clearTimeout(this.#timer);
      this.#fate.onGone();
    });
  }

  #pass(chunk: Uint8Array, from: Socket, to: Socket): void {
    if (this.#state === "ghost") return;
    if (this.#state === "whole") {
      if (!to.write(chunk)) from.pause();
      return;
    }
    // Half of it leaves before the cut: the reader is left with half a frame.
    this.#state = "ghost";
    to.write(chunk.subarray(0, chunk.length >> 1), () => this.end());
  }

  #cut(): void {
    this.#fate.onCut();
    switch (this.#fate.way) {
      case "reset":
        return this.end();
      case "torn":
        this.#state = "tearing";
        return;
      case "ghost":
        this.#state = "ghost";
        this.#near.resetAndDestroy();
        this.#timer = setTimeout(() => this.end(), this.#fate.ghostMs);
        return;
    }
  }
}
