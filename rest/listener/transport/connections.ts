/** Somebody who waits for an answer over a connection. */
export interface Waiting {
  /** The connection is gone: nobody waits any more. */
  leave(): void;
  /** What comes on the connection cannot be read; false: this one has been read whole. */
  spoil(): boolean;
  /** What it was answered so far has been taken. */
  drained(): void;
}

/** How many connections there may be. */
export interface ConnectionLimits {
  readonly connectionsMax: number;
  /** Of one address; undefined: any number, since behind a reverse proxy everybody has one. */
  readonly addressConnectionsMax: number | undefined;
}

/** What was accepted a moment before the end brings its first request within this: to cut it would reset a call that another process could have answered. */
const FIRST_REQUEST_MS = 200;

/** Every connection of callers, counted in all and by address. */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #open = new Set<Connection>();
  readonly #byAddress = new Map<string, number>();
  #onEmpty: (() => void) | undefined;
  #isKeepAliveOver = false;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Lets every connection end with its next answer, those to come among them. */
  endKeepAlive(): void {
    this.#isKeepAliveOver = true;
    for (const connection of this.#open) connection.isEnding = true;
  }

  /** Lets a connection in; undefined: there are too many. `destroy` cuts it at once, `isTrusted` exempts an address. */
  enter(
    address: string,
    isTrusted: boolean,
    destroy: () => void,
  ): Connection | undefined {
    const { connectionsMax, addressConnectionsMax } = this.#limits;
    if (this.#open.size >= connectionsMax) return undefined;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (
      addressConnectionsMax !== undefined && !isTrusted &&
      ofAddress >= addressConnectionsMax
    ) return undefined;
    this.#byAddress.set(address, ofAddress + 1);
    const connection = new Connection(address, destroy, () => {
      this.#leave(connection);
    });
    connection.isEnding = this.#isKeepAliveOver;
    this.#open.add(connection);
    return connection;
  }

  /** Ends those nobody waits on, and the others as soon as they are answered; settles once all are gone. */
  async close(): Promise<void> {
    for (const connection of [...this.#open]) {
      // In a drain the end of a WebSocket is said in its own words.
      if (this.#isKeepAliveOver && connection.isUpgraded) continue;
      connection.closeSoon();
    }
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    await promise;
  }

  #leave(connection: Connection): void {
    this.#open.delete(connection);
    const left = (this.#byAddress.get(connection.address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(connection.address);
    else this.#byAddress.set(connection.address, left);
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}

/** One connection, and who waits for answers over it. */
export class Connection {
  readonly address: string;
  /** Nothing more is read from it: it ends with the answers that are still to be given. */
  isClosing = false;
  /** It ends with its next answer. */
  isEnding = false;
  /** It carries a WebSocket now. */
  isUpgraded = false;
  /** Called once nobody waits any more; at its most useful for what is idle then. */
  onIdle: (() => void) | undefined;
  /** Called with each that waits. */
  onBusy: (() => void) | undefined;
  readonly #destroy: () => void;
  readonly #onGone: () => void;
  /** In the order in which they came; seldom more than one. */
  readonly #waiting: Waiting[] = [];
  #last: Waiting | undefined;
  #isGone = false;
  /** Nobody has asked anything on it yet. */
  #isFresh = true;
  #ending: ReturnType<typeof setTimeout> | undefined;

  constructor(address: string, destroy: () => void, onGone: () => void) {
    this.address = address;
    this.#destroy = destroy;
    this.#onGone = onGone;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether nobody has asked after it. */
  isLast(waiting: Waiting): boolean {
    return this.#last === waiting;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  add(waiting: Waiting): void {
    this.#isFresh = false;
    this.onBusy?.();
    this.#last = waiting;
    this.#waiting.push(waiting);
  }

  /** It has been answered, as far as we are concerned. */
  remove(waiting: Waiting): void {
    if (this.#waiting.at(-1) === waiting) this.#waiting.pop();
    else this.#takeOut(waiting);
    if (this.#last === waiting) this.#last = undefined;
    if (this.#waiting.length === 0) this.onIdle?.();
  }

  #takeOut(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Lets the requests on it be answered, and nothing more come; one that has only just been opened may still bring its first. */
  closeSoon(): void {
    this.isEnding = true;
    if (!this.isIdle) return;
    if (!this.#isFresh) return this.#destroy();
    this.#ending = setTimeout(() => {
      if (this.isIdle) this.#destroy();
    }, FIRST_REQUEST_MS);
  }

  destroy(): void {
    this.#destroy();
  }

  /** What came on it cannot be read; false: nobody is there to be told through an answer. */
  spoil(): boolean {
    this.isClosing = true;
    for (const waiting of [...this.#waiting]) {
      if (waiting.spoil()) return true;
    }
    return false;
  }

  /** What was written has been taken; said only where no server says so. */
  drained(): void {
    for (const waiting of [...this.#waiting]) waiting.drained();
  }

  /** The socket is gone. */
  gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#ending);
    this.#onGone();
    for (const waiting of [...this.#waiting]) waiting.leave();
    this.#waiting.length = 0;
  }
}
