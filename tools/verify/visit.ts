import { VERSION } from "../../rest/domain/version.ts";

/** One answer, as far as it is looked at. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Members of its JSON object; {} for anything else. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Ask {
  readonly body?: unknown;
  /** Without the bot's token, as Discord wants it where the path has one. */
  readonly isOpen?: boolean;
}

/** Why a programme cannot go on, in a sentence for its user. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Of 10,000 that would get the address banned; the programme means to cause three. */
const INVALID_MAX = 12;

/** Statuses that Discord counts as invalid (docs: Invalid Request Limit). */
const INVALID: ReadonlySet<number> = new Set([401, 403, 429]);

/** Discord answers in a second; nobody watches a run for longer than this. */
const TIMEOUT_MS = 30_000;

/** 33 a second: the global limit of 50 is not what is tried. */
const GAP_MS = 30;

const AGENT = `DiscordBot (https://discord.com, sluice-verify ${VERSION})`;

/** Sends a programme's requests and counts them: it never spends more than it may. */
export class Visit {
  readonly #baseUrl: string;
  readonly #token: string;
  readonly #requestsMax: number;
  readonly #kept: number;
  #isTidying = false;
  #requests = 0;
  #invalid = 0;
  #nextAtMs = 0;

  /** `kept` of the requests are for `tidyUp`. */
  constructor(
    { baseUrl, token, requestsMax, kept }: {
      readonly baseUrl: string;
      readonly token: string;
      readonly requestsMax: number;
      readonly kept: number;
    },
  ) {
    this.#baseUrl = baseUrl;
    this.#token = token;
    this.#requestsMax = requestsMax;
    this.#kept = kept;
  }

  get requests(): number {
    return this.#requests;
  }

  get invalid(): number {
    return this.#invalid;
  }

  async ask(
    method: string,
    path: string,
    { body, isOpen = false }: Ask = {},
  ): Promise<Reply> {
    this.#count();
    await this.#turn();
    const response = await fetch(`${this.#baseUrl}/v10${path}`, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        "user-agent": AGENT,
        ...(!isOpen && { authorization: `Bot ${this.#token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error) => {
      // Its message may hold the address, and with it a webhook's token.
      throw new Stopped(`Cannot reach the API: ${error.name}`);
    });
    const reply = {
      status: response.status,
      headers: response.headers,
      body: membersIn(await response.text()),
    };
    this.#judge(reply);
    return reply;
  }

  /** Runs what gives back everything the programme made, on the requests kept for it. */
  async tidyUp(tidy: () => Promise<void>): Promise<void> {
    this.#isTidying = true;
    await tidy();
  }

  #count(): void {
    const max = this.#isTidying
      ? this.#requestsMax
      : this.#requestsMax - this.#kept;
    if (this.#requests >= max) {
      throw new Stopped(`All ${this.#requestsMax} requests are spent`);
    }
    this.#requests++;
  }

  /** Settles when the next request may go. */
  #turn(): Promise<void> {
    const nowMs = performance.now();
    const atMs = Math.max(nowMs, this.#nextAtMs);
    this.#nextAtMs = atMs + GAP_MS;
    return new Promise((resolve) => setTimeout(resolve, atMs - nowMs));
  }

  #judge({ status, headers }: Reply): void {
    if (!INVALID.has(status)) return;
    const isShared = headers.get("x-ratelimit-scope") === "shared";
    if (!isShared) this.#invalid++;
    if (status === 401) {
      throw new Stopped("Discord does not take this token (401)");
    }
    if (headers.get("via") === null) {
      throw new Stopped("Cloudflare blocks this address; try again tomorrow");
    }
    if (this.#invalid >= INVALID_MAX) {
      throw new Stopped(
        `${this.#invalid} answers were 401, 403 or 429: too many to go on`,
      );
    }
  }
}

function membersIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
