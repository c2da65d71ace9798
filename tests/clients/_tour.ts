import type { SimOptions } from "../../sim/server.ts";
import { fullAnswers } from "./_bodies.ts";
import { LIBRARIES } from "./_libraries.ts";
import { installedPackages } from "./_packages.ts";
import {
  type Place,
  type PlaceOptions,
  type Scheme,
  startPlace,
} from "./_places.ts";
import type { ClientResult } from "./_result.ts";
import { channelsOf, type Places, tryLibrary } from "./_trial.ts";

/** Libraries tried at the same time: what two cores bear without anything becoming late. */
const SIDE_BY_SIDE = 3;

const POLL_MS = 5;

/** What a tour found, and the places it went to. */
export interface Tour extends AsyncDisposable {
  readonly results: readonly ClientResult[];
  readonly places: readonly Place[];
}

/** Tries every library against proxies of its own making. */
export async function tour(): Promise<Tour> {
  const folder = await installedPackages();
  await using stack = new AsyncDisposableStack();
  const plain = await startPlaces("http", stack);
  const behindTls = await startPlaces("https", stack);
  const results = await pooled(LIBRARIES, (library, index) => {
    const places = library.isTlsOnly === true ? behindTls : plain;
    return tryLibrary(library, index, places, folder);
  });
  const rest = stack.move();
  return {
    results,
    places: [plain, behindTls].flatMap((places) => Object.values(places)),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** Starts all four side by side; the stack ends them. */
async function startPlaces(
  scheme: Scheme,
  stack: AsyncDisposableStack,
): Promise<Places> {
  const started = await Promise.allSettled(
    PLACES.map((options) => startPlace(options, scheme)),
  );
  const places: Place[] = [];
  for (const each of started) {
    if (each.status === "fulfilled") places.push(stack.use(each.value));
  }
  for (const each of started) {
    if (each.status === "rejected") throw each.reason;
  }
  const [open, strict, slow, rejected] = places as [Place, Place, Place, Place];
  await rejectToken(rejected);
  return { open, strict, slow, rejected };
}

/** Of the four proxies of `Places`, in their order. */
const PLACES: readonly PlaceOptions[] = [
  // 30 messages in 2.5 s, so that a burst has to wait and is over soon.
  { discord: discord(5, 500) },
  {
    discord: discord(1, 1_500),
    env: {
      REST_KEY_IN_PATH: "true",
      REST_MAX_WAIT_MS: "100",
      REST_OPEN_TOKEN_ROUTES: "false",
    },
  },
  { discord: discord(1, 2_500) },
  {
    discord: {
      ...discord(5, 500),
      faults: [{
        match: "GET /users/@me",
        probability: 1,
        fault: {
          kind: "answer",
          status: 401,
          headers: [["content-type", "application/json"]],
          body: '{"message":"401: Unauthorized","code":0}',
        },
      }],
    },
  },
];

/** A Discord with this limit on the messages of a channel. */
function discord(limit: number, periodMs: number): SimOptions {
  const channels = LIBRARIES.flatMap((_, index) =>
    Object.values(channelsOf(index))
  );
  return {
    rules: [{ match: "POST /channels/{channel}/messages", limit, periodMs }],
    faults: fullAnswers(channels),
  };
}

/** Has the proxy learn that Discord rejects its bot's token: it answers 503 from then on. */
async function rejectToken(place: Place): Promise<void> {
  for (;;) {
    const response = await place.ask("/api/v10/users/@me");
    await response.body?.cancel();
    if (response.status === 503) return;
    await delayed(POLL_MS);
  }
}

async function pooled<Item, Result>(
  items: readonly Item[],
  run: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  async function work(): Promise<void> {
    for (const [index, item] of left) results[index] = await run(item, index);
  }
  const workers = Array.from({ length: SIDE_BY_SIDE }, work);
  // All of them, also when one fails: none may go on behind the test's back.
  for (const worker of await Promise.allSettled(workers)) {
    if (worker.status === "rejected") throw worker.reason;
  }
  return results;
}

function delayed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
