import { Model } from "../../../sim/model/model.ts";
import type { Outcome } from "../../../sim/model/outcome.ts";
import { simRequestOf } from "../../../sim/model/request.ts";
import type { ModelOptions } from "../../../sim/model/settings.ts";
import { snowflakeOf } from "../../../sim/model/snowflake.ts";

/** The moment at which every simulated Discord of these tests begins. */
export const NOW_MS = 1_777_600_000_000;
export const CHANNEL = "1111111111111111111";
export const GUILD = "2222222222222222222";
export const WEBHOOK = "3333333333333333333";
export const INTERACTION_TOKEN = "aW50ZXJhY3Rpb246MTIzOmFiYw";

/** A Discord and one caller of it. Times are counted from `NOW_MS`. */
export interface Discord {
  readonly model: Model;
  readonly send: (
    line: string,
    atMs?: number,
    change?: Parameters<typeof simRequestOf>[2],
  ) => Outcome;
}

export function discordOf(options: ModelOptions = {}): Discord {
  const model = new Model(options, NOW_MS);
  return {
    model,
    send: (line, atMs = 0, change = {}) => {
      const [method = "", path = ""] = line.split(" ");
      const request = simRequestOf(method, `/api/v10${path}`, change);
      return model.handle(request, NOW_MS + atMs);
    },
  };
}

/** The id of a message that is so old at `NOW_MS`. */
export function messageAged(ageMs: number): string {
  return snowflakeOf(NOW_MS - ageMs);
}

/** First value of a response header, by its name in lower case. */
export function said(
  { response }: Outcome,
  wanted: string,
): string | undefined {
  return response.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

/** What is announced: limit, remaining, reset-after. */
export function announced(outcome: Outcome): Array<string | undefined> {
  return ["limit", "remaining", "reset-after"]
    .map((name) => said(outcome, `x-ratelimit-${name}`));
}

export function hashOf(outcome: Outcome): string | undefined {
  return said(outcome, "x-ratelimit-bucket");
}

// deno-lint-ignore no-explicit-any -- tests look at whatever came.
export function bodyOf({ response }: Outcome): any {
  return JSON.parse(String(response.body));
}

/** Status of each of `count` requests at one moment. */
function statuses(
  count: number,
  send: (index: number) => Outcome,
): number[] {
  return Array.from(
    { length: count },
    (_, index) => send(index).response.status,
  );
}

/** How many of `count` requests were let through. */
export function passed(
  count: number,
  send: (index: number) => Outcome,
): number {
  return statuses(count, send).filter((status) => status < 400).length;
}
