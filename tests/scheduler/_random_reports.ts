import type { HeaderList } from "../../rest/domain/headers.ts";
import type { LimitReport } from "../../rest/domain/limit_report.ts";
import { limitReportOf } from "../../rest/dispatcher/sending/limit_report.ts";
import type { Ask } from "../../rest/scheduler/types.ts";
import type { Random } from "../../sim/model/random.ts";
import { SERVER_OFFSET_MS } from "./_builders.ts";

/** One of a list, each as likely. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Numbers Discord has never sent, or once did. */
const HOSTILE: readonly string[] = [
  "0",
  "0.000",
  "-1",
  "1e9",
  "NaN",
  "Infinity",
  "",
  "1",
  "4.5",
  "0.0000001",
  "5",
  "999999999999999",
  "1000000000",
];

const HASHES: readonly string[] = ["h0", "h1", "h2", "h3"];

/** How wild the answers are. */
export interface Weather {
  /** Header values are drawn from what no server in its right mind sends. */
  readonly isHostile: boolean;
  /** Routes change their hash, Discord's clock is set. */
  readonly isChanging: boolean;
}

/** A Discord that answers at random, but remembers which bucket a route has. */
export class RandomDiscord {
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #hashes = new Map<string, string | undefined>();
  #serverOffsetMs = SERVER_OFFSET_MS;

  constructor(random: Random, weather: Weather) {
    this.#random = random;
    this.#weather = weather;
  }

  /** Anything at all. */
  answer(ask: Ask, sentAtMs: number, nowMs: number): LimitReport {
    const roll = this.#random();
    this.#change(ask);
    if (roll < 0.55) return this.fine(ask, sentAtMs, nowMs);
    if (roll < 0.8) return this.#limited(ask, sentAtMs, nowMs);
    const status = pick(this.#random, [400, 401, 403, 404, 500, 502]);
    const code = status === 404 ? pick(this.#random, [10_015, 10_003]) : 0;
    const body = status === 403 && this.#random() < 0.3
      ? { code: 40_333 }
      : { code };
    const headers = this.#random() < 0.5
      ? this.#bucketHeaders(ask, sentAtMs, nowMs)
      : [];
    return reportOf(status, headers, body, sentAtMs, nowMs);
  }

  /** A success. */
  fine(ask: Ask, sentAtMs: number, nowMs: number): LimitReport {
    const headers = this.#bucketHeaders(ask, sentAtMs, nowMs);
    return reportOf(200, headers, {}, sentAtMs, nowMs);
  }

  #limited(ask: Ask, sentAtMs: number, nowMs: number): LimitReport {
    const random = this.#random;
    const kind = pick(random, [
      "user",
      "sub",
      "other",
      "shared",
      "global",
      "mute",
      "block",
    ]);
    const retryAfterS = pick(random, [0, 0.05, 0.3, 1, 5, 20]);
    if (kind === "block") {
      const hint: HeaderList = random() < 0.7
        ? [["retry-after", String(Math.ceil(retryAfterS))]]
        : [];
      return reportOf(429, hint, {}, sentAtMs, nowMs);
    }
    const scope = kind === "shared" || kind === "global" ? kind : "user";
    const headers: [string, string][] = [["via", "1.1 google"]];
    if (kind !== "mute") headers.push(["x-ratelimit-scope", scope]);
    if (kind !== "global") {
      const bucket = this.#bucketHeaders(ask, sentAtMs, nowMs);
      for (const [name, value] of bucket) {
        if (name === "x-ratelimit-remaining") {
          headers.push([name, kind === "user" ? "0" : value]);
        } else if (name === "x-ratelimit-bucket" && kind === "other") {
          headers.push([name, "hidden"]);
        } else headers.push([name, value]);
      }
    }
    const wait = this.#weather.isHostile && random() < 0.3
      ? pick(random, [-1, 1e300, 1e308, 0, 1e9])
      : retryAfterS;
    const body = kind === "mute" ? {} : { retry_after: wait };
    return reportOf(429, headers, body, sentAtMs, nowMs);
  }

  /** Routes get another hash, and clocks are set. */
  #change({ route }: Ask): void {
    if (!this.#weather.isChanging) return;
    if (this.#random() < 0.02) {
      this.#hashes.set(route.key, pick(this.#random, HASHES));
    }
    if (this.#random() < 0.005) {
      this.#serverOffsetMs += pick(this.#random, [-3_600_000, -500, 500, 9e6]);
    }
  }

  #bucketHeaders({ route }: Ask, sentAtMs: number, nowMs: number): HeaderList {
    const random = this.#random;
    if (!this.#hashes.has(route.key)) {
      const isHeaderless = random() < 0.2;
      this.#hashes.set(
        route.key,
        isHeaderless ? undefined : pick(random, HASHES),
      );
    }
    const hash = this.#hashes.get(route.key);
    if (hash === undefined || random() < 0.05) return [];
    if (this.#weather.isHostile && random() < 0.5) {
      return bucketFields(hash, () => pick(random, HOSTILE));
    }
    const limit = 1 + (Number(hash.slice(1)) || 0);
    const remaining = Math.floor(random() * (limit + 1));
    const resetAfterS = Math.round(random() * 3_000) / 1_000 + 0.001;
    const decidedAtMs = sentAtMs + random() * (nowMs - sentAtMs);
    const serverS = (this.#serverOffsetMs + decidedAtMs) / 1_000;
    const values = [
      String(limit),
      String(remaining),
      (serverS + resetAfterS).toFixed(3),
      resetAfterS.toFixed(3),
    ];
    return bucketFields(hash, () => values.shift() ?? "");
  }
}

function bucketFields(hash: string, next: () => string): HeaderList {
  return [
    ["x-ratelimit-bucket", hash],
    ["x-ratelimit-limit", next()],
    ["x-ratelimit-remaining", next()],
    ["x-ratelimit-reset", next()],
    ["x-ratelimit-reset-after", next()],
  ];
}

function reportOf(
  status: number,
  headers: HeaderList,
  json: Record<string, unknown>,
  sentAtMs: number,
  nowMs: number,
): LimitReport {
  const body = new TextEncoder().encode(JSON.stringify(json));
  return limitReportOf({ status, headers, body }, sentAtMs, nowMs);
}
