import { createRedisStore } from "../../../rest/cluster/journal/redis_store.ts";
import type { JournalStore } from "../../../rest/domain/journal_store.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../../rest/journal/store/memory_store.ts";
import { openSqliteStore } from "../../../rest/journal/store/open_sqlite_store.ts";
import { hasRedis, startRedis } from "../../cluster/_redis.ts";
import { sealedStore } from "../../../rest/journal/store/sealed_store.ts";

/** One kind of store, and the place where it keeps its rows. */
export interface World extends AsyncDisposable {
  /** Another proxy's store over the same rows. */
  open(): Promise<JournalStore>;
  /** The process of the only open store ends without a word. */
  crash(store: JournalStore): Promise<void>;
}

/** A kind of store. */
export interface StoreKind {
  readonly name: string;
  /** Random traces that are tried: as many as take seconds. */
  readonly traces: number;
  /** Makes an empty world whose stores read the time from `wallMs`. */
  readonly make: (wallMs: () => number) => World | Promise<World>;
}

/** Every kind of store; each keeps the same promises. */
export const STORE_KINDS: readonly StoreKind[] = [
  { name: "memory", traces: 200, make: memoryWorld },
  { name: "SQLite", traces: 8, make: sqliteWorld },
  { name: "encrypted memory", traces: 100, make: encryptedWorld },
  ...hasRedis ? [{ name: "Redis", traces: 20, make: redisWorld }] : [],
];

/** Each proxy owns what it claims, by a later lease than all before. */
async function redisWorld(wallMs: () => number): Promise<World> {
  const redis = await startRedis();
  const leases = new Map<
    string,
    { readonly owner: JournalStore; readonly epoch: number }
  >();
  return {
    async open() {
      const store = createRedisStore({
        redis: await redis.link(),
        epochOf(scope) {
          const lease = leases.get(scope);
          return lease?.owner === store ? lease.epoch : undefined;
        },
        wallMs,
      });
      const claim = store.claimEpoch.bind(store);
      store.claimEpoch = (scope) => {
        const last = leases.get(scope)?.epoch ?? 0;
        const epoch = Math.max(wallMs(), last + 1);
        leases.set(scope, { owner: store, epoch });
        return claim(scope);
      };
      return store;
    },
    async crash() {
      await redis.kill();
      await redis.restart();
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

function memoryWorld(wallMs: () => number): World {
  const journal = new MemoryJournal();
  return {
    open: () => Promise.resolve(createMemoryStore(journal, wallMs)),
    crash: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function encryptedWorld(wallMs: () => number): World {
  const journal = new MemoryJournal();
  const key = new Uint8Array(32).fill(7);
  return {
    open: () => {
      const store = createMemoryStore(journal, wallMs);
      return Promise.resolve(sealedStore(store, key));
    },
    crash: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A crash leaves what its files hold at that moment: they are copied, and the copies opened. The map of the log (-shm) is made anew where the machine was started anew. */
async function sqliteWorld(wallMs: () => number): Promise<World> {
  const root = await Deno.makeTempDir();
  let folder = `${root}/0`;
  let crashes = 0;
  return {
    async open() {
      const path = `${folder}/journal.db`;
      // Lets a second store in, as somebody would who removes what looks stale.
      await Deno.remove(`${path}.lock`).catch(() => {});
      const { store } = await openSqliteStore({ ...OPTIONS, path, wallMs });
      return store;
    },
    async crash(store) {
      const before = folder;
      folder = `${root}/${++crashes}`;
      await copyFolder(before, folder);
      await store.close();
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(root, { recursive: true });
    },
  };
}

const OPTIONS = {
  sync: "process",
  limitBytes: 64 * 1024 * 1024,
  isReset: false,
} as const;

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (name.endsWith("-shm")) continue;
    const copy = isDirectory ? copyFolder : Deno.copyFile;
    await copy(`${from}/${name}`, `${to}/${name}`);
  }
}
