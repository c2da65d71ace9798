import { waitUntil } from "./drive.ts";
import { type Place, RawConnection, type RawRequest } from "./raw_http.ts";

const MESSAGE = JSON.stringify({ content: "x".repeat(180) });
const DEFERRED = JSON.stringify({ type: 5 });
const TOKEN_IN_PATH = "t".repeat(68);

/**
 * What a bot sends, in turn, each `owner` to a channel of its own: no order
 * holds them up, and half of them is outside the global limit, whose highest
 * setting (10,000/s) would bind otherwise.
 */
function requestOf(owner: number, turn: number): RawRequest {
  const id = String(1_300_000_000_000_000_000n + BigInt(owner));
  const post = (path: string, body: string): RawRequest => ({
    method: "POST",
    target: `/api/v10${path}`,
    body,
  });
  switch (turn % 4) {
    case 0:
      return {
        method: "GET",
        target: `/api/v10/channels/${id}/messages/${id}`,
      };
    case 1:
      return post(`/channels/${id}/messages`, MESSAGE);
    case 2:
      return post(`/webhooks/${id}/${TOKEN_IN_PATH}`, MESSAGE);
    default:
      return post(`/interactions/${id}/${TOKEN_IN_PATH}/callback`, DEFERRED);
  }
}

/** Requests answered per second when `connections` ask as fast as they can for `forMs`. */
export async function saturate(
  place: Place,
  connections: number,
  forMs: number,
): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + forMs;
  const counts = await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const connection = await RawConnection.open(place);
      let turn = 0;
      while (performance.now() < endMs) {
        await askWell(connection, requestOf(index, turn));
        turn++;
      }
      connection.close();
      return turn;
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
