import {
  type JournalChange,
  JournalFailure,
  type JournalFigures,
  JournalRefusal,
  type JournalRow,
  type JournalStore,
} from "../../domain/journal_store.ts";
import { fenced, isOver, scopeOf } from "../../journal/store/store_change.ts";
import {
  CALL_TIMEOUT_MS,
  RedisFailure,
  type RedisLink,
  type Script,
  type Word,
} from "../redis/link.ts";
import {
  APPEND,
  APPEND_WITHOUT_ROOM,
  CLAIM,
  FENCE_KEY,
  rowsKey,
} from "./journal_scripts.ts";
import { fieldsOf, inOrder, type Place, placesIn } from "./places.ts";
import { bodyApart, changeWords, readRow } from "./row_fields.ts";

/** What a store on Redis is made of. */
export interface RedisStoreOptions {
  readonly redis: RedisLink;
  /** The epoch by which this proxy owns a scope; undefined: it does not. */
  readonly epochOf: (scope: string) => number | undefined;
  readonly wallMs: () => number;
}

/**
 * Keeps the rows of several proxies in Redis. Whoever owns a scope writes to it
 * by the epoch of its lease, and each write looks at that epoch first, so that
 * an owner of before, however late its command comes, changes nothing.
 */
export function createRedisStore(options: RedisStoreOptions): JournalStore {
  return new RedisStore(options);
}

/** Rows that are read together: few enough that even large ones fit into memory. */
const READ_ROWS_MAX = 32;

/** Rows that are over for so long are deleted; nobody has them in memory, and ends them, any more. */
const FORGOTTEN_MS = 60_000;

type RowName = Pick<JournalRow, "id" | "scope">;

class RedisStore implements JournalStore {
  readonly #options: RedisStoreOptions;
  readonly #claimed = new Map<string, number>();
  /** By how much Redis' clock is ahead of ours, or less. */
  #aheadMs = 0;
  #rows = 0;
  #bytes = 0;

  constructor(options: RedisStoreOptions) {
    this.#options = options;
  }

  async claimEpoch(scope: string): Promise<number> {
    const epoch = this.#options.epochOf(scope);
    if (epoch === undefined) throw fenced(scope);
    if (!await this.#claim(scope, epoch)) throw fenced(scope);
    this.#claimed.set(scope, epoch);
    return epoch;
  }

  async #claim(scope: string, epoch: number): Promise<boolean> {
    const { redis } = this.#options;
    const words = [scope, String(epoch)];
    const reply = await redis.run(CLAIM, [FENCE_KEY], words).catch(failed);
    if (reply === 0) return false;
    this.#noteNow(Number(reply));
    return true;
  }

  #noteNow(redisMs: number): void {
    this.#aheadMs = redisMs - this.#options.wallMs();
  }

  /**
   * Runs a script that does nothing once its time-out is over: a command that a
   * network held back for long would make a row that has been deleted meanwhile,
   * and the next owner send what its caller was told is not sent.
   */
  async #runInTime(
    script: Script,
    keys: readonly string[],
    words: readonly Word[],
  ): Promise<unknown> {
    const { redis, wallMs } = this.#options;
    const run = () => {
      const untilMs = wallMs() + this.#aheadMs + CALL_TIMEOUT_MS;
      return redis.run(script, keys, [String(Math.ceil(untilMs)), ...words])
        .catch(failed);
    };
    const reply = await run();
    const lateMs = /^late (\d+)$/.exec(String(reply))?.[1];
    if (lateMs === undefined) return reply;
    // It is here in time, so one of the two clocks was set.
    this.#noteNow(Number(lateMs));
    return await run();
  }

  /** A Redis that was emptied knows nobody's epoch; one that knows a later one gives nothing back. */
  async #claimAgain(scope: string): Promise<boolean> {
    const epoch = this.#options.epochOf(scope);
    const isOurs = epoch !== undefined && this.#claimed.get(scope) === epoch;
    return isOurs && await this.#claim(scope, epoch);
  }

  async append(changes: readonly JournalChange[]): Promise<void> {
    const scopes = [...new Set(changes.map(scopeOf))];
    const epochs = scopes.map((scope) => {
      const epoch = this.#claimed.get(scope);
      if (epoch === undefined) throw fenced(scope);
      return [scope, String(epoch)];
    });
    const keys = [FENCE_KEY, ...scopes.map(rowsKey)];
    const words: Word[] = [String(scopes.length), ...epochs.flat()];
    for (const change of changes) {
      words.push(...changeWords(change, scopes.indexOf(scopeOf(change)) + 2));
    }
    const isNew = changes.some(({ kind }) => kind === "put");
    const script = isNew ? APPEND : APPEND_WITHOUT_ROOM;
    const run = () => this.#runInTime(script, keys, words);
    let reply = await run();
    if (!Array.isArray(reply) && await this.#claimAgain(fencedIn(reply))) {
      reply = await run();
    }
    if (!Array.isArray(reply)) throw fenced(fencedIn(reply));
    this.#rows += Number(reply[0]);
    this.#bytes += Number(reply[1]);
    this.#noteNow(Number(reply[2]));
  }

  async *load(scope?: string): AsyncIterable<JournalRow> {
    const nowWallMs = this.#options.wallMs();
    const over: RowName[] = [];
    const places = await this.#places(scope);
    let next = this.#read(places.slice(0, READ_ROWS_MAX));
    for (let at = 0; at < places.length; at += READ_ROWS_MAX) {
      const rows = await next;
      const nextAt = at + READ_ROWS_MAX;
      // They come while these are opened.
      next = this.#read(places.slice(nextAt, nextAt + READ_ROWS_MAX));
      next.catch(ignore);
      for (const row of rows) {
        if (!isOver(row.untilWallMs, nowWallMs)) {
          yield row;
        } else if (isOver(row.untilWallMs, nowWallMs - FORGOTTEN_MS)) {
          over.push(row);
        }
      }
    }
    await this.#deleteOver(over);
  }

  figures(): JournalFigures {
    return { rows: this.#rows, bytes: this.#bytes };
  }

  /** The connection is its cluster's. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #places(scope: string | undefined): Promise<Place[]> {
    const scopes = scope === undefined
      ? listOf(await this.#ask(["HKEYS", FENCE_KEY]))
      : [scope];
    const places: Place[] = [];
    for (const one of scopes) {
      const fields = listOf(await this.#ask(["HKEYS", rowsKey(one)]));
      for (const place of placesIn(fields, one)) places.push(place);
    }
    return scopes.length === 1 ? places : places.sort(inOrder);
  }

  async #read(places: readonly Place[]): Promise<JournalRow[]> {
    const rows = new Map<Place, JournalRow>();
    for (const [scope, own] of Map.groupBy(places, ({ scope }) => scope)) {
      const reply = await this.#readBytes(scope, own.flatMap(fieldsOf));
      let at = 0;
      for (const place of own) {
        const main = reply[at++];
        const outcome = reply[at++];
        const small = place.hasEnded ? undefined : reply[at++];
        // It may have been deleted since its name was read.
        if (main === undefined) continue;
        const apart = bodyApart(main, small);
        const body = apart === undefined
          ? small
          : (await this.#readBytes(scope, [apart + place.id]))[0];
        const fields = { main, body, outcome };
        rows.set(place, readRow(place.id, scope, fields));
      }
    }
    return places.flatMap((place) => rows.get(place) ?? []);
  }

  async #readBytes(
    scope: string,
    fields: readonly string[],
  ): Promise<(Uint8Array | undefined)[]> {
    const words = ["HMGET", rowsKey(scope), ...fields];
    const reply = await this.#options.redis.call(words, "asBytes")
      .catch(unreadable);
    return Array.isArray(reply)
      ? reply.map((value) => value instanceof Uint8Array ? value : undefined)
      : [];
  }

  async #ask(words: readonly string[]): Promise<unknown> {
    return await this.#options.redis.call(words).catch(unreadable);
  }

  /** What nobody can ask for any more is deleted when its scope is taken over. */
  async #deleteOver(over: readonly RowName[]): Promise<void> {
    const changes = over
      .filter(({ scope }) => this.#claimed.has(scope))
      .map(({ id, scope }) => ({ kind: "delete", id, scope } as const));
    // Where it fails it is left for the next one who takes over.
    if (changes.length > 0) await this.append(changes).catch(() => {});
  }
}

/** The scope that a script says is another proxy's. */
function fencedIn(reply: unknown): string {
  return String(reply).slice("fenced ".length);
}

function listOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

function ignore(): void {}

/** What Redis says where its memory is full, or its disk. */
const NO_ROOM = /^(?:OOM|MISCONF)/;

function failed(error: unknown): never {
  const said = error instanceof RedisFailure ? error.message : "no connection";
  throw NO_ROOM.test(said)
    ? new JournalFailure(
      "journal_full",
      "The Redis of the journal has no room left: raise its maxmemory or free its disk, nothing new is promised until then",
    )
    : new JournalFailure(
      "store_unreachable",
      `The journal in Redis cannot be written (${said})`,
    );
}

function unreadable(error: unknown): never {
  const said = error instanceof RedisFailure ? error.message : "no connection";
  throw new JournalRefusal(
    "unusable",
    `The journal in Redis cannot be read (${said})`,
  );
}
