import { waitUntil } from "./drive.ts";
import { requestOf } from "./mix.ts";
import { type Place, RawConnection, type RawRequest } from "./raw_http.ts";

/** Sends the requests of the mix, several at once, as fast as they are answered. */
export interface Caller extends AsyncDisposable {
  /** How many were answered within that time. */
  readonly saturate: (forMs: number) => Promise<number>;
}

/** What is asked in an owner's turn. */
export type Asked = (owner: number, turn: number) => RawRequest;

/** Sends each request that is in flight over a connection of its own. */
export async function callOverHttp(
  place: Place,
  inFlight: number,
  asked: Asked = requestOf,
): Promise<Caller> {
  const opened = await Promise.all(
    Array.from({ length: inFlight }, () => RawConnection.open(place)),
  );
  const turns = opened.map(() => 0);
  return {
    async saturate(forMs) {
      const endMs = performance.now() + forMs;
      const before = sum(turns);
      await Promise.all(opened.map(async (connection, owner) => {
        let turn = turns[owner] as number;
        while (performance.now() < endMs) {
          await askWell(connection, asked(owner, turn));
          turn++;
        }
        turns[owner] = turn;
      }));
      return sum(turns) - before;
    },
    [Symbol.asyncDispose]() {
      for (const connection of opened) connection.close();
      return Promise.resolve();
    },
  };
}

/** Enough of each place's own that no two requests of one meet: writes would wait for each other. */
const OWNERS = 1_000;

/**
 * Milliseconds that each request took at a steady pace, whether or not earlier
 * ones were answered. The places take turns, so that other work of the machine
 * slows all of them alike.
 */
export async function pace(
  places: readonly Place[],
  perSecond: number,
  forMs: number,
  what: Asked = requestOf,
): Promise<number[][]> {
  const took: number[][] = places.map(() => []);
  const pools = places.map((): RawConnection[] => []);
  const gapMs = 1_000 / perSecond / places.length;
  const count = Math.floor(forMs / gapMs);
  const startMs = performance.now();
  const asked: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    await waitUntil(startMs + index * gapMs);
    const which = index % places.length;
    asked.push(one(which, Math.floor(index / places.length)));
  }
  await Promise.all(asked);
  for (const connection of pools.flat()) connection.close();
  return took;

  async function one(which: number, turn: number): Promise<void> {
    const pool = pools[which] ?? [];
    const place = places[which] as Place;
    const free = pool.pop() ?? await RawConnection.open(place);
    const fromMs = performance.now();
    await askWell(free, what(which * OWNERS + turn % OWNERS, turn));
    took[which]?.push(performance.now() - fromMs);
    pool.push(free);
  }
}

/** The value below which `share` of all values are. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[
    Math.min(sorted.length - 1, Math.floor(share * sorted.length))
  ] ??
    NaN;
}

async function askWell(
  connection: RawConnection,
  request: RawRequest,
): Promise<void> {
  const status = await connection.ask(request);
  if (status < 200 || status > 299) {
    throw new Error(`Wanted 2xx, got ${status}`);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
