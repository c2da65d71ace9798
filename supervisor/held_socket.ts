import type { Address } from "./address.ts";
import { lookup, net } from "./deps.ts";

/**
 * A bound socket that nobody accepts from here. The first process listens on it;
 * from then on the system keeps callers in its line, whichever process is there.
 */
export interface HeldSocket {
  readonly address: Address;
  /** Its file descriptor, to be passed on. */
  readonly fd: number;
  close(): void;
}

/** What Node's `cluster` opens its shared sockets with; it returns the negative number of an error. */
interface Handle {
  readonly fd: number;
  /** 0, or the negative number of an error, that of binding included. */
  getsockname(name: { port?: number }): number;
  close(): void;
}

/** Opens it; throws one sentence where that fails. */
export async function holdSocket(address: Address): Promise<HeldSocket> {
  const { host, port } = address;
  const found = await lookup(host).catch(() => {
    throw new Error(`Cannot find the address of REST_HOST "${host}"`);
  });
  const made: Handle | number = handlesOf(net)
    ._createServerHandle(found.address, port, found.family);
  const isOpen = typeof made === "object" && made.getsockname({}) === 0;
  if (isOpen) return { address, fd: made.fd, close: () => made.close() };
  if (typeof made === "object") made.close();
  throw new Error(
    `Cannot listen on ${host}:${port}: another process has it, or it is not ours to take; choose REST_PORT and REST_HOST`,
  );
}

/** Node listens and accepts at once, but for this function, which has no documentation and is there in Node 20 to 26. */
function handlesOf(module: unknown): {
  _createServerHandle(
    host: string,
    port: number,
    family: number,
  ): Handle | number;
} {
  return module as ReturnType<typeof handlesOf>;
}
