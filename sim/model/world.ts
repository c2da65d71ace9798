import type { BodyFacts } from "./body_facts.ts";
import { Recent } from "./recent.ts";
import { headerOf, type SimRequest } from "./request.ts";
import { errorResponse, originResponse, type SimResponse } from "./response.ts";
import type { Route } from "./router.ts";
import type { AnswerSettings } from "./settings.ts";
import { snowflakeOf } from "./snowflake.ts";

/** One request that passed all limits. */
export interface Command {
  readonly request: SimRequest;
  readonly route: Route;
  readonly path: string;
  readonly query: string;
  readonly callerKey: string;
  readonly facts: () => BodyFacts;
}

/** What came of it. */
export interface Effect {
  readonly response: SimResponse;
  /** False when nothing was done: a duplicate, or an error. */
  readonly isExecuted: boolean;
  /** True when a nonce was recognised and the first message handed back. */
  readonly isDuplicate: boolean;
}

/** How long a nonce is remembered; the docs say "the past few minutes". */
const NONCE_MS = 5 * 60_000;

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

/** A picture of one pixel. */
const PNG = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  ),
  (letter) => letter.charCodeAt(0),
);

const CSV = "user_id\r\n80351110224678912\r\n";

/** What the simulated Discord remembers of what was done. */
export class World {
  readonly #nonces = new Recent<{ atMs: number; response: SimResponse }>(
    MEMORY_MAX,
  );
  readonly #gone = new Recent<true>(MEMORY_MAX);
  readonly #acknowledged = new Recent<true>(MEMORY_MAX);
  readonly #searches = new Recent<number>(MEMORY_MAX);
  #made = 0;

  /** Does what a request asks, at `nowMs` (true time) and `clockMs` (the server's clock). */
  execute(
    command: Command,
    answers: AnswerSettings,
    nowMs: number,
    clockMs: number,
  ): Effect {
    const refused = this.#refuse(command);
    if (refused !== undefined) return undone(refused);
    const nonceKey = nonceKeyOf(command);
    if (nonceKey !== undefined) {
      const first = this.#nonces.get(nonceKey);
      if (first !== undefined && nowMs < first.atMs + NONCE_MS) {
        return { ...undone(copyOf(first.response)), isDuplicate: true };
      }
    }
    const response = this.#answer(command, answers, clockMs);
    if (nonceKey !== undefined) {
      this.#nonces.set(nonceKey, { atMs: nowMs, response: copyOf(response) });
    }
    return { response, isExecuted: true, isDuplicate: false };
  }

  /** What cannot be done twice, or to what is no more. */
  #refuse({ route, path }: Command): SimResponse | undefined {
    if (route.key === CALLBACK) {
      const [interaction = ""] = route.params;
      if (this.#acknowledged.get(interaction)) {
        return errorResponse(
          400,
          40060,
          "Interaction has already been acknowledged.",
        );
      }
      this.#acknowledged.set(interaction, true);
      return undefined;
    }
    const [webhook = ""] = route.params;
    if (route.template.startsWith("/webhooks/{}")) {
      const isWhole = route.template.split("/").length <= 4;
      if (this.#gone.get(`webhook ${webhook}`)) {
        return errorResponse(404, 10015, "Unknown Webhook");
      }
      if (route.key.startsWith("DELETE ") && isWhole) {
        this.#gone.set(`webhook ${webhook}`, true);
      }
    }
    if (route.key === DELETE_MESSAGE) {
      if (this.#gone.get(path)) {
        return errorResponse(404, 10008, "Unknown Message");
      }
      this.#gone.set(path, true);
    }
    return undefined;
  }

  #answer(
    command: Command,
    answers: AnswerSettings,
    clockMs: number,
  ): SimResponse {
    const { route, path, query } = command;
    switch (route.key) {
      case "GET /guilds/{}/widget.png":
        return originResponse(200, PNG, "image/png");
      case "GET /invites/{}/target-users":
        return originResponse(200, CSV, "text/csv");
      case "GET /guilds/{}/messages/search":
      case "GET /channels/{}/threads/search": {
        const asked = (this.#searches.get(path) ?? 0) + 1;
        this.#searches.set(path, asked);
        if (asked <= answers.searchesNotReady) return notReady();
      }
    }
    const status = statusOf(route, query);
    if (status === 204) return originResponse(204, undefined);
    const isMade = command.request.method === "POST";
    const id = isMade ? { id: this.#newId(answers, clockMs) } : {};
    return originResponse(status, JSON.stringify({ ...id, ...echo(command) }));
  }

  #newId(answers: AnswerSettings, clockMs: number): string {
    this.#made++;
    return answers.ids === "clock"
      ? snowflakeOf(clockMs, this.#made)
      : String(1_400_000_000_000_000_000n + BigInt(this.#made));
  }
}

const CALLBACK = "POST /interactions/{}/{}/callback";
const DELETE_MESSAGE = "DELETE /channels/{}/messages/{}";
const NEW_MESSAGE = "POST /channels/{}/messages";

function undone(response: SimResponse): Effect {
  return { response, isExecuted: false, isDuplicate: false };
}

/** Headers are added to a response later; the kept one stays bare. */
function copyOf(response: SimResponse): SimResponse {
  return { ...response, headers: [...response.headers] };
}

function nonceKeyOf(command: Command): string | undefined {
  const { route, callerKey, facts } = command;
  if (route.key !== NEW_MESSAGE) return undefined;
  const { nonce, enforce_nonce: isEnforced } = facts();
  if (isEnforced !== true) return undefined;
  if (typeof nonce !== "string" && typeof nonce !== "number") return undefined;
  return `${callerKey}|${route.major}|${nonce}`;
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

/** What arrived, so that two ways of sending can be compared byte for byte. */
function echo({ request, query }: Command): Readonly<Record<string, unknown>> {
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
