import type { Arrival } from "./arrival.ts";
import { Nonces } from "./nonces.ts";
import { undone, type Verdict } from "./outcome.ts";
import { Recent } from "./recent.ts";
import { headerOf } from "./request.ts";
import { errorResponse, originResponse, type SimResponse } from "./response.ts";
import type { Route } from "./router.ts";
import type { AccountSettings, AnswerSettings } from "./settings.ts";
import { snowflakeOf } from "./snowflake.ts";

/** Bounds each memory; enough for every run we make. */
const MEMORY_MAX = 100_000;

/** Headers repeated in the echo, besides the body's digest. */
const ECHOED = [
  "accept-language",
  "content-type",
  "user-agent",
  "x-audit-log-reason",
  "x-discord-locale",
];

type ErrorParts = readonly [status: number, code: number, message: string];

const ACKNOWLEDGED: ErrorParts = [
  400,
  40060,
  "Interaction has already been acknowledged.",
];
const UNKNOWN_MESSAGE: ErrorParts = [404, 10008, "Unknown Message"];
const UNKNOWN_WEBHOOK: ErrorParts = [404, 10015, "Unknown Webhook"];

const SEEN = true;

/** How answers are dressed, and what they can tell. */
type Answers = AnswerSettings & Pick<AccountSettings, "guildOf">;

/** A picture of one pixel. */
const PNG = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  ),
  (letter) => letter.charCodeAt(0),
);

const CSV = "user_id\r\n80351110224678912\r\n";

/** What the simulated Discord remembers about executed requests. */
export class World {
  readonly #nonces = new Nonces(MEMORY_MAX);
  readonly #gone = new Recent<true>(MEMORY_MAX);
  readonly #acknowledged = new Recent<true>(MEMORY_MAX);
  readonly #searches = new Recent<number>(MEMORY_MAX);
  #made = 0;

  /** Does what a request asks, at `nowMs` (true time) and `clockMs` (the server's clock). */
  execute(
    arrival: Arrival,
    answers: Answers,
    nowMs: number,
    clockMs: number,
  ): Verdict {
    const refused = this.#refuse(arrival, answers);
    if (refused !== undefined) return undone(refused);
    const first = this.#nonces.firstOf(arrival, nowMs);
    if (first !== undefined) {
      const now = this.#isDeleted(arrival, first)
        ? errorResponse(...UNKNOWN_MESSAGE)
        : first;
      return { ...undone(now), isDuplicate: true };
    }
    const response = this.#answer(arrival, answers, clockMs);
    this.#nonces.note(arrival, response, nowMs);
    return { ...undone(response), executed: true };
  }

  /** Refuses to delete twice, and to change what has been deleted. */
  #refuse(
    arrival: Arrival,
    { remembersDeletions }: Answers,
  ): SimResponse | undefined {
    const { route, path } = arrival;
    if (route.key === CALLBACK) return this.#refuseCallback(route);
    const misnamed = this.#nonces.refuse(arrival);
    if (misnamed !== undefined) return misnamed;
    if (!remembersDeletions) return undefined;
    if (route.key === DELETE_MESSAGE) {
      return this.#delete(path, UNKNOWN_MESSAGE);
    }
    const [webhook = ""] = route.params;
    if (DELETE_WEBHOOK.has(route.key)) {
      return this.#delete(`webhook ${webhook}`, UNKNOWN_WEBHOOK);
    }
    const isOfWebhook = route.template.startsWith("/webhooks/{}");
    return isOfWebhook && this.#gone.get(`webhook ${webhook}`)
      ? errorResponse(...UNKNOWN_WEBHOOK)
      : undefined;
  }

  /** Whether a message that `arrival` would make again was deleted. */
  #isDeleted({ path }: Arrival, { body }: SimResponse): boolean {
    const { id } = JSON.parse(String(body)) as { id: string };
    return this.#gone.get(`${path}/${id}`) === true;
  }

  #refuseCallback(route: Route): SimResponse | undefined {
    const [interaction = ""] = route.params;
    if (this.#acknowledged.get(interaction)) {
      return errorResponse(...ACKNOWLEDGED);
    }
    this.#acknowledged.set(interaction, SEEN);
    return undefined;
  }

  #delete(what: string, unknown: ErrorParts): SimResponse | undefined {
    if (this.#gone.get(what)) return errorResponse(...unknown);
    this.#gone.set(what, SEEN);
    return undefined;
  }

  #answer(
    arrival: Arrival,
    answers: Answers,
    clockMs: number,
  ): SimResponse {
    const { route, path, query } = arrival;
    switch (route.key) {
      case "GET /guilds/{}/widget.png":
        return originResponse(200, PNG, "image/png");
      case "GET /invites/{}/target-users":
        return originResponse(200, CSV, "text/csv");
      case "GET /gateway/bot":
        return gatewayOf(answers);
      case "GET /guilds/{}/messages/search":
      case "GET /channels/{}/threads/search": {
        const asked = (this.#searches.get(path) ?? 0) + 1;
        this.#searches.set(path, asked);
        if (asked <= answers.searchesNotReady) return notReady();
      }
    }
    const status = statusOf(route, query);
    if (status === 204) return originResponse(204, undefined);
    const isMade = arrival.request.method === "POST";
    const id = isMade
      ? { id: this.#newId(answers, clockMs) }
      : placeOf(route, answers);
    return originResponse(status, JSON.stringify({ ...id, ...echo(arrival) }));
  }

  #newId(answers: Answers, clockMs: number): string {
    this.#made++;
    return answers.ids === "clock"
      ? snowflakeOf(clockMs, this.#made)
      : String(1_400_000_000_000_000_000n + BigInt(this.#made));
  }
}

const CALLBACK = "POST /interactions/{}/{}/callback";
const DELETE_MESSAGE = "DELETE /channels/{}/messages/{}";
const DELETE_WEBHOOK = new Set([
  "DELETE /webhooks/{}",
  "DELETE /webhooks/{}/{}",
]);

/** The gateway and how a bot may use it (docs, "Get Gateway Bot"). */
function gatewayOf({ maxConcurrency }: Answers): SimResponse {
  return originResponse(
    200,
    JSON.stringify({
      url: "wss://gateway.discord.gg",
      shards: maxConcurrency,
      session_start_limit: {
        total: 1_000,
        remaining: 999,
        reset_after: 14_400_000,
        max_concurrency: maxConcurrency,
      },
    }),
  );
}

/** A channel tells its guild (docs, "Channel Object"). */
function placeOf(
  { key, major }: Route,
  { guildOf }: Answers,
): { readonly id?: string; readonly guild_id?: string } {
  const guild = key === "GET /channels/{}" ? guildOf[major] : undefined;
  return guild === undefined ? {} : { id: major, guild_id: guild };
}

function statusOf(route: Route, query: string): number {
  const asks = (name: string) =>
    new RegExp(`[?&]${name}=(true|True|1)(&|$)`).test(query);
  if (route.key === CALLBACK && asks("with_response")) return 200;
  if (route.key === "POST /webhooks/{}/{}" && asks("wait")) return 200;
  return route.operation?.status ?? 200;
}

/** "Index not yet available" (docs, "Search Guild Messages"). */
function notReady(): SimResponse {
  return originResponse(
    202,
    JSON.stringify({
      message: "Index not yet available. Try again later",
      code: 110000,
      documents_indexed: 0,
      retry_after: 2,
    }),
  );
}

/** Echoes the request, so that two ways of sending can be compared byte for byte. */
function echo({ request, query }: Arrival): Readonly<Record<string, unknown>> {
  const [path] = request.target.split("?", 1);
  const headers = ECHOED.map((name) => [name, headerOf(request.headers, name)]);
  return {
    method: request.method,
    path,
    query,
    body: { sha256: request.bodySha256, bytes: request.bodyBytes },
    headers: Object.fromEntries(headers),
  };
}
