import { randomUUID } from "../../deps.ts";
import { startRedisServer } from "../cluster/redis_server.ts";
import { freePort } from "../free_port.ts";
import { temporaryFolder } from "./world.ts";

/** Where a proxy that is killed keeps its journal, as its settings say it. */
export interface JournalPlace extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Whoever is started anew waits for the lease of the life before, and a life may
 * end at its tenth message: of a bot's 500 the last would wait longer than the
 * four minutes there are, and be refused.
 */
const LONGEST_WAIT_MS = 3_600_000;

/** A file, or a Redis of its own; nothing for a proxy that is never killed. */
export async function journalPlace(
  { proxyLives, redis: path }: {
    readonly proxyLives?: unknown;
    readonly redis?: string | undefined;
  },
): Promise<JournalPlace> {
  const folder = await temporaryFolder();
  if (path === undefined || proxyLives === undefined) {
    const env = { REST_JOURNAL: `${folder.path}/journal.db` };
    return { ...folder, env: proxyLives === undefined ? {} : env };
  }
  const { url, process } = await startRedisServer(path, folder.path);
  return {
    env: {
      REST_REDIS_URL: url,
      REST_PEER_URL: `http://127.0.0.1:${freePort()}`,
      REST_PEER_KEY: randomUUID(),
      REST_MAX_WAIT_MS: String(LONGEST_WAIT_MS),
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await folder[Symbol.asyncDispose]();
    },
  };
}
