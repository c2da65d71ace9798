import { Counter, Histogram, Registry } from "../../deps.ts";
import { keyNameOf } from "../domain/caller.ts";
import type { Fact } from "../domain/fact.ts";
import { REFUSALS } from "../domain/refusal.ts";
import { OTHER_ROUTE, routeTemplateOf } from "./route_templates.ts";

/** From at once to the longest wait there is by default. */
const QUEUE_BUCKETS_S = [0.01, 0.1, 0.5, 1, 5, 15, 60, 240];
/** From Discord's fastest answers to the longest anybody waits for one. */
const DISCORD_BUCKETS_S = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Whose 429 it was: Discord's scopes, and Cloudflare's. All are there from the start, so that a first one is seen as a rise. */
const SCOPES = ["user", "global", "shared", "cloudflare"] as const;

type Answered = Extract<Fact, { kind: "answered" }>;

/** What counts one route of one bot. */
interface RouteInstruments {
  readonly queueWait: Histogram.Internal<RouteLabel>;
  readonly discord: Histogram.Internal<RouteLabel>;
  readonly byStatus: Map<number, Counter.Internal>;
}

type RouteLabel = "bot" | "method" | "route";

/** Counters and histograms of everything that facts tell, by the names that Prometheus sees. */
export class Instruments {
  readonly registry = new Registry();
  readonly #requests = this.#counter("requests_total", ANSWERS_HELP, [
    "bot",
    "method",
    "route",
    "status",
  ]);
  readonly #queueWait = this.#histogram(
    "queue_wait_seconds",
    "How long answered requests waited here, up to their last sending.",
    QUEUE_BUCKETS_S,
  );
  readonly #discord = this.#histogram(
    "discord_duration_seconds",
    "How long Discord took to answer.",
    DISCORD_BUCKETS_S,
  );
  readonly #retries = this.#counter(
    "retries_total",
    "Sendings beyond a request's first: after a 429, a 5xx or a lost connection.",
    ["bot"],
  );
  readonly #adopted = this.#counter(
    "adopted_total",
    "Writes of callers that came back, answered by what they had sent before.",
    ["bot"],
  );
  readonly #unknownOutcomes = this.#counter(
    "unknown_outcomes_total",
    "Writes that Discord may have executed though no answer came.",
    ["bot"],
  );
  readonly #rateLimited = this.#counter(
    "rate_limited_total",
    "429s of Discord's, by scope; shared ones are caused by others.",
    ["bot", "scope"],
  );
  readonly #refused = this.#counter(
    "refused_total",
    "Requests that the proxy refused itself, by code.",
    ["code"],
  );
  readonly #keyRequests = this.#counter(
    "key_requests_total",
    "Requests taken in, by the name of the key.",
    ["key"],
  );
  /** By the key's name: a hundred can be configured. */
  readonly #byKey = new Map<string, Counter.Internal>();
  /** By bot, then by a route's label; both are few. */
  readonly #routes = new Map<string, Map<string, RouteInstruments>>();

  constructor(bots: readonly string[]) {
    for (const code of Object.keys(REFUSALS)) this.#refused.labels(code).inc(0);
    for (const bot of bots) this.#begin(bot);
  }

  observe(fact: Fact): void {
    switch (fact.kind) {
      case "queued":
        return this.#keyCounterOf(fact.caller).inc();
      case "leased":
        return fact.attempt > 1
          ? this.#retries.labels(fact.bot).inc()
          : undefined;
      case "adopted":
        return this.#adopted.labels(fact.bot).inc();
      case "answered":
        return this.#answered(fact);
      case "rate_limited":
        return this.#rateLimited.labels(fact.bot, fact.scope).inc();
      case "refused": {
        this.#refused.labels(fact.code).inc();
        if (fact.isOutcomeUnknown !== true) return;
        return this.#unknownOutcomes.labels(fact.bot ?? "none").inc();
      }
    }
  }

  /** Looked up once: labels are put together and hashed with every use. */
  #keyCounterOf(caller: string): Counter.Internal {
    const name = keyNameOf(caller);
    let counter = this.#byKey.get(name);
    if (counter === undefined) {
      counter = this.#keyRequests.labels(name);
      this.#byKey.set(name, counter);
    }
    return counter;
  }

  #answered({ bot, label, status, waitMs, sendMs }: Answered): void {
    const route = this.#routeOf(bot, label);
    let count = route.byStatus.get(status);
    if (count === undefined) {
      const { method, route: template } = routeTemplateOf(label);
      count = this.#requests.labels(bot, method, template, String(status));
      route.byStatus.set(status, count);
    }
    count.inc();
    route.queueWait.observe(waitMs / 1_000);
    route.discord.observe(sendMs / 1_000);
  }

  #routeOf(bot: string, label: string): RouteInstruments {
    let routes = this.#routes.get(bot);
    if (routes === undefined) {
      routes = new Map();
      this.#routes.set(bot, routes);
    }
    const known = routes.get(label);
    if (known !== undefined) return known;
    const { method, route } = routeTemplateOf(label);
    const instruments = {
      queueWait: this.#queueWait.labels(bot, method, route),
      discord: this.#discord.labels(bot, method, route),
      byStatus: new Map(),
    };
    // Labels of paths that Discord does not name can be made up without end.
    if (route !== OTHER_ROUTE) routes.set(label, instruments);
    return instruments;
  }

  /** A counter that begins at nothing is seen to rise; one that appears at one is not. */
  #begin(bot: string): void {
    for (const scope of SCOPES) this.#rateLimited.labels(bot, scope).inc(0);
    for (const one of [this.#retries, this.#adopted, this.#unknownOutcomes]) {
      one.labels(bot).inc(0);
    }
  }

  #counter<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
  ): Counter<Label> {
    const registers = [this.registry];
    return new Counter({ name: `sluice_${name}`, help, labelNames, registers });
  }

  #histogram(
    name: string,
    help: string,
    buckets: number[],
  ): Histogram<RouteLabel> {
    return new Histogram({
      name: `sluice_${name}`,
      help,
      labelNames: ["bot", "method", "route"],
      buckets,
      registers: [this.registry],
    });
  }
}

const ANSWERS_HELP = "Discord's answers that callers got, by status.";
