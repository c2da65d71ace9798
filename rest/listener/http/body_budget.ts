/** Bodies up to this size have room of their own, so that no message waits for uploads. Discord's JSON bodies are below it. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** An eighth for small bodies, an eighth for callbacks with files: at the default of 512 MiB that is a thousand full small ones, and two of the largest uploads are still left beside four. */
const RESERVED_SHARE = 1 / 8;

/** Where several may send, one may hold so many times what it leaves free to the others: alone four fifths, two of them four ninths each. */
const HOLDER_FACTOR = 4;

/**
 * The request bodies that are held in memory, from their first byte until
 * their request is answered.
 *
 * What has arrived counts, not what was announced. A body that finds no room
 * is paused. Room is given only where all bodies can still become whole one
 * after the other: what the oldest one may still need is kept free of the
 * others, or halves would wait for each other for ever.
 */
export class BodyBudget {
  readonly #small: BodyRoom;
  readonly #callbacks: BodyRoom;
  readonly #others: BodyRoom;

  constructor(limitBytes: number) {
    const reservedBytes = Math.floor(limitBytes * RESERVED_SHARE);
    this.#small = new BodyRoom(reservedBytes);
    this.#callbacks = new BodyRoom(reservedBytes);
    this.#others = new BodyRoom(limitBytes - 2 * reservedBytes);
  }

  /** The largest body there can be room for. */
  get bodyBytesMax(): number {
    return this.#others.limitBytes;
  }

  get usedBytes(): number {
    return this.#small.usedBytes + this.#callbacks.usedBytes +
      this.#others.usedBytes;
  }

  /** Bodies that are paused for want of room. */
  get waiting(): number {
    return this.#small.waiting + this.#callbacks.waiting +
      this.#others.waiting;
  }

  /**
   * Opens the account of a body of at most `expectedBytes`. `holder` names who
   * answers for it where several may send; undefined: nobody is to be left a share.
   */
  open(
    expectedBytes: number,
    isCallback: boolean,
    holder: string | undefined,
  ): BodyAccount {
    return this.#roomFor(expectedBytes, isCallback).open(expectedBytes, holder);
  }

  #roomFor(bytes: number, isCallback: boolean): BodyRoom {
    // The smallest budgets have no eighth that holds even one of them.
    const small = this.#small;
    if (bytes <= SMALL_BODY_BYTES && bytes <= small.limitBytes) return small;
    const callbacks = this.#callbacks;
    return isCallback && bytes <= callbacks.limitBytes
      ? callbacks
      : this.#others;
  }
}

/** What one body holds of a room. Ends with `release`, whatever becomes of it. */
export interface BodyAccount {
  readonly heldBytes: number;
  /** Charges what has arrived, if there is room for it now. */
  take(bytes: number): boolean;
  /** Charges it as soon as there is room, and says so. One at a time. */
  whenTaken(bytes: number, onTaken: () => void): void;
  /** It is whole: it needs no more. */
  finish(): void;
  /** Gives everything back and waits for nothing any more. */
  release(): void;
}

class BodyRoom {
  readonly limitBytes: number;
  usedBytes = 0;
  waiting = 0;
  /** Bodies that are not whole yet, the oldest first. */
  readonly #unfinished = new Set<Account>();
  /** Those of them that are paused, by who answers for them. */
  readonly #paused = new Map<string | undefined, Set<Account>>();
  #unfinishedBytes = 0;
  readonly #heldBy = new Map<string, number>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  open(expectedBytes: number, holder: string | undefined): Account {
    const account = new Account(this, expectedBytes, holder);
    this.#unfinished.add(account);
    return account;
  }

  mayTake(account: Account, bytes: number): boolean {
    const freeBytes = this.limitBytes - this.usedBytes - bytes;
    if (freeBytes < 0 || !this.#isSafe(account, bytes)) return false;
    const { holder } = account;
    const [oldest] = this.#unfinished;
    if (holder === undefined || oldest === account) return true;
    const heldBytes = (this.#heldBy.get(holder) ?? 0) + bytes;
    return heldBytes <= HOLDER_FACTOR * freeBytes;
  }

  /**
   * Whether all bodies could still become whole, one after the other from the
   * oldest, if this one took so much: each needs what it lacks out of what is
   * free then, and gives back what it holds (Dijkstra's banker). Bodies that are
   * whole give theirs back in any case.
   */
  #isSafe(account: Account, bytes: number): boolean {
    let freeBytes = this.limitBytes - this.#unfinishedBytes - bytes;
    for (const older of this.#unfinished) {
      // Those behind it lose nothing: it gives back all that it takes.
      if (older === account) return true;
      if (freeBytes < older.missingBytes) return false;
      freeBytes += older.heldBytes;
    }
    return true;
  }

  charge(account: Account, bytes: number): void {
    const { holder } = account;
    this.usedBytes += bytes;
    if (this.#unfinished.has(account)) this.#unfinishedBytes += bytes;
    if (holder === undefined || bytes === 0) return;
    const heldBytes = (this.#heldBy.get(holder) ?? 0) + bytes;
    if (heldBytes === 0) this.#heldBy.delete(holder);
    else this.#heldBy.set(holder, heldBytes);
  }

  /** It needs no more, or is gone. */
  close(account: Account): void {
    if (this.#unfinished.delete(account)) {
      this.#unfinishedBytes -= account.heldBytes;
    }
  }

  pause(account: Account): void {
    const { holder } = account;
    const paused = this.#paused.get(holder) ?? new Set();
    this.#paused.set(holder, paused.add(account));
    this.waiting++;
  }

  resume(account: Account): void {
    const { holder } = account;
    const paused = this.#paused.get(holder);
    paused?.delete(account);
    if (paused?.size === 0) this.#paused.delete(holder);
    this.waiting--;
  }

  /**
   * Something may have become free: the oldest is asked again, then whoever
   * waits, each holder's in turn until one finds no room. To ask all of them
   * held the process up for seconds when thousands left at once.
   */
  admit(): void {
    if (this.waiting === 0) return;
    const [oldest] = this.#unfinished;
    oldest?.tryAgain();
    for (const paused of [...this.#paused.values()]) {
      for (const account of paused) if (!account.tryAgain()) break;
    }
  }
}

class Account implements BodyAccount {
  readonly holder: string | undefined;
  heldBytes = 0;
  readonly #room: BodyRoom;
  readonly #expectedBytes: number;
  #wanted: { readonly bytes: number; readonly onTaken: () => void } | undefined;

  constructor(
    room: BodyRoom,
    expectedBytes: number,
    holder: string | undefined,
  ) {
    this.#room = room;
    this.#expectedBytes = expectedBytes;
    this.holder = holder;
  }

  get missingBytes(): number {
    return Math.max(0, this.#expectedBytes - this.heldBytes);
  }

  take(bytes: number): boolean {
    if (!this.#room.mayTake(this, bytes)) return false;
    this.heldBytes += bytes;
    this.#room.charge(this, bytes);
    return true;
  }

  whenTaken(bytes: number, onTaken: () => void): void {
    this.#wanted = { bytes, onTaken };
    this.#room.pause(this);
  }

  /** False: it waits on. */
  tryAgain(): boolean {
    const wanted = this.#wanted;
    if (wanted === undefined) return true;
    if (!this.take(wanted.bytes)) return false;
    this.#waitNoMore();
    wanted.onTaken();
    return true;
  }

  finish(): void {
    this.#room.close(this);
    this.#room.admit();
  }

  release(): void {
    this.#waitNoMore();
    this.#room.close(this);
    this.#room.charge(this, -this.heldBytes);
    this.heldBytes = 0;
    this.#room.admit();
  }

  #waitNoMore(): void {
    if (this.#wanted === undefined) return;
    this.#wanted = undefined;
    this.#room.resume(this);
  }
}
