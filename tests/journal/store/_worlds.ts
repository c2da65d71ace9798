import type { JournalStore } from "../../../rest/domain/journal_store.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../../rest/journal/store/memory_store.ts";

/** One kind of store, and the place where it keeps its rows. */
export interface World extends AsyncDisposable {
  /** Another proxy's store over the same rows. */
  open(): Promise<JournalStore>;
  /** The process of the only open store ends without a word. */
  crash(store: JournalStore): Promise<void>;
}

/** Makes an empty world whose stores read the time from `wallMs`. */
export type MakeWorld = (wallMs: () => number) => World | Promise<World>;

/** Every kind of store; each keeps the same promises. */
export const WORLDS: Readonly<Record<string, MakeWorld>> = {
  memory: memoryWorld,
};

function memoryWorld(wallMs: () => number): World {
  const journal = new MemoryJournal();
  return {
    open: () => Promise.resolve(createMemoryStore(journal, wallMs)),
    crash: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
