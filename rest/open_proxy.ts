import { type OpenedJournal, openJournal } from "./open_journal.ts";
import type { Settings } from "./config/settings.ts";
import { createProxy, type Proxy, type ProxyParts } from "./proxy.ts";

/** What an operator should know who has set no journal. */
const NO_JOURNAL_NOTE =
  "REST_JOURNAL is not set: what waits, and what sessions and keys keep, ends with this process";

/** A proxy that has taken up what the last one left. */
export interface OpenedProxy {
  readonly proxy: Proxy;
  /** One sentence on that. */
  readonly told: string;
  /** What the operator should look at. */
  readonly notes: readonly string[];
}

/** Opens the journal that the settings name, and a proxy that goes on with it. Rejects with sentences for the operator. */
export async function openProxy(
  settings: Settings,
  parts: Omit<ProxyParts, "journal">,
): Promise<OpenedProxy> {
  const journal: OpenedJournal | undefined = await openJournal(settings);
  const proxy = createProxy(settings, { ...parts, journal });
  const told = await proxy.takeUp() ?? NO_JOURNAL_NOTE;
  return { proxy, told, notes: journal?.notes ?? [] };
}
