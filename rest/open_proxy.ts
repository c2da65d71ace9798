import { type OpenedJournal, openJournal } from "./open_journal.ts";
import type { Settings } from "./config/settings.ts";
import type { OpenJournal } from "./journal_keeper.ts";
import { createProxy, type Proxy, type ProxyParts } from "./proxy.ts";

/** What an operator should know who has set no journal. */
const NO_JOURNAL_NOTE =
  "REST_JOURNAL is not set: what waits, and what sessions and keys keep, ends with this process";

/** What they should know who have set both. */
const CLUSTER_NOTE =
  "REST_JOURNAL is not used: where several proxies serve a bot, no file of one of them can keep its requests";

/** What is said where Redis keeps it. */
const SHARED_NOTE =
  "Redis keeps what was accepted: another proxy goes on with it when this one ends";

/** A proxy that has taken up what the last one left. */
export interface OpenedProxy {
  readonly proxy: Proxy;
  /** One sentence on that. */
  readonly told: string;
  /** What the operator should know of the journal. */
  readonly journalNotes: readonly string[];
}

/** Opens the journal that the settings name, and a proxy that goes on with it. Rejects with sentences for the operator. */
export async function openProxy(
  settings: Settings,
  parts: Omit<ProxyParts, "journal">,
  shared: OpenJournal | undefined,
): Promise<OpenedProxy> {
  // A file of this machine's would not go where the bots go.
  const isAlone = settings.redisUrl === undefined;
  const journal: OpenedJournal | undefined = isAlone
    ? await openJournal(settings)
    : undefined;
  const proxy = createProxy(settings, { ...parts, journal: journal ?? shared });
  const found = await proxy.takeUp() ?? NO_JOURNAL_NOTE;
  const told = shared === undefined ? found : SHARED_NOTE;
  const hasUnused = !isAlone && settings.journalFile !== undefined;
  const unused = hasUnused ? [CLUSTER_NOTE] : [];
  return { proxy, told, journalNotes: journal?.notes ?? unused };
}
