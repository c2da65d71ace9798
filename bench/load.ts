import { waitUntil } from "./drive.ts";
import { requestOf } from "./mix.ts";
import { type Place, RawConnection, type RawRequest } from "./raw_http.ts";

export interface Saturation {
  readonly connections: number;
  readonly forMs: number;
  /** Later runs begin where none before them can have come to: no interaction comes twice. */
  readonly firstTurn: number;
}

/** Requests answered per second when all connections ask as fast as they can. */
export async function saturate(
  place: Place,
  { connections, forMs, firstTurn }: Saturation,
): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + forMs;
  const counts = await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const connection = await RawConnection.open(place);
      let turn = firstTurn;
      while (performance.now() < endMs) {
        await askWell(connection, requestOf(index, turn));
        turn++;
      }
      connection.close();
      return turn - firstTurn;
    }),
  );
  const answered = counts.reduce((sum, count) => sum + count, 0);
  return answered / (performance.now() - startMs) * 1_000;
}

/** Enough that no two requests of one meet: writes would wait for each other. */
const OWNERS = 1_000;

/**
 * Milliseconds each request took when they leave at a steady pace, whether or
 * not earlier ones are back. The places take turns, so that what else the
 * machine does meets all of them alike.
 */
export async function pace(
  places: readonly Place[],
  perSecond: number,
  forMs: number,
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
    await askWell(free, requestOf(turn % OWNERS, turn));
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
  if (status !== 200) throw new Error(`Wanted 200, got ${status}`);
}
