import { type Arrival, arrivalOf, markOf } from "./arrival.ts";
import {
  BucketStore,
  type LimitedRequest,
  type Shown,
} from "./bucket_store.ts";
import { defaultRules } from "./default_rules.ts";
import { refuseInvalid } from "./refuse_invalid.ts";
import type { Fault, ScriptedFault } from "./fault.ts";
import {
  deliveryOf,
  insteadOfAnswer,
  isDoneUnseen,
  neverArrives,
} from "./fault_effect.ts";
import { FaultPlan } from "./fault_plan.ts";
import { GlobalGate } from "./global_gate.ts";
import { IpGuard } from "./ip_guard.ts";
import { type Outcome, undone, type Verdict } from "./outcome.ts";
import { createRandom, type Random } from "./random.ts";
import type { SimRequest } from "./request.ts";
import {
  announce,
  blockResponse,
  failureResponse,
  refusalResponse,
} from "./response.ts";
import type { Route } from "./router.ts";
import { hashOf, type Limiter, RuleBook } from "./rule_book.ts";
import {
  DEFAULT_SETTINGS,
  type ModelOptions,
  type ModelSettings,
  withOptions,
} from "./settings.ts";
import { snowflakeAtMs } from "./snowflake.ts";
import { World } from "./world.ts";

/** Statuses that count towards a block (docs, "Invalid Request Limit"). */
const INVALID = new Set([401, 403, 429]);

const CHANNEL_WRITES = {
  name: "writes of a channel",
  counter: "writes of a channel",
  hash: hashOf("writes of a channel"),
  isHidden: true,
  code: 20028,
  message:
    "The write action you are performing on the channel has hit the write rate limit.",
};

/**
 * Discord as a function of what it remembers, a request and the time.
 *
 * The way of a request: a fault that keeps it from arriving; Cloudflare's
 * block; the token; the global limit (or the address's pool); the announced
 * limiter, then the hidden ones; a fault in place of the answer; the deed.
 * Times given are true times; what is shown is `clockOffsetMs` away from them.
 */
export class Model {
  readonly #startedAtMs: number;
  readonly #buckets = new BucketStore();
  readonly #globals = new GlobalGate();
  readonly #guard = new IpGuard();
  readonly #world = new World();
  readonly #plan = new FaultPlan();
  #settings: ModelSettings;
  #random: Random;
  #book: RuleBook;
  #nextChangeAtMs = Infinity;

  constructor(options: ModelOptions, startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
    this.#settings = withOptions(DEFAULT_SETTINGS, options);
    this.#random = createRandom(this.#settings.seed);
    this.#plan.setScript(this.#settings.script);
    this.#plan.setChances(this.#settings.faults);
    this.#book = this.#compile(this.#settings, startedAtMs);
  }

  get settings(): ModelSettings {
    return this.#settings;
  }

  /** Changes any part of the settings in the middle of a run; what was counted stays. */
  set(change: ModelOptions, nowMs: number): void {
    const settings = withOptions(this.#settings, change);
    // What throws comes first: a change with a mistake in it changes nothing.
    const book = this.#compile(settings, nowMs);
    this.#plan.setChances(settings.faults);
    if (change.script !== undefined) this.#plan.setScript(change.script);
    this.#settings = settings;
    this.#book = book;
    if (change.seed !== undefined) this.#random = createRandom(change.seed);
  }

  /** Prepares a fault for the next requests that match. */
  script(fault: ScriptedFault): void {
    this.#plan.add(fault);
  }

  /** Judges one request that arrives at `nowMs`. Calls come in the order of time. */
  handle(request: SimRequest, nowMs: number): Outcome {
    if (nowMs >= this.#nextChangeAtMs) {
      this.#book = this.#compile(this.#settings, nowMs);
    }
    const arrival = arrivalOf(request);
    const { route, path } = arrival;
    const fault = this.#plan.next({
      routeKey: route.key,
      line: `${request.method} ${path}`,
      isReused: request.isReused,
    }, this.#random);
    const isLost = neverArrives(fault);
    const verdict = isLost
      ? undone(failureResponse(502))
      : this.#decide(arrival, fault, nowMs);
    const isInvalid = !isLost && isInvalidRequest(verdict);
    if (isInvalid) {
      const { invalidRequests } = this.#settings;
      this.#guard.countInvalid(request.remoteIp, invalidRequests, nowMs);
    }
    return {
      ...verdict,
      delivery: deliveryOf(fault),
      routeKey: route.key,
      major: route.major,
      isInvalid,
      mark: markOf(arrival),
      fault: fault?.kind,
    };
  }

  #decide(
    arrival: Arrival,
    fault: Fault | undefined,
    nowMs: number,
  ): Verdict {
    const settings = this.#settings;
    const { remoteIp } = arrival.request;
    if (fault?.kind === "block") {
      const { blockMs, shape, hasRetryAfter } = settings.invalidRequests;
      this.#guard.block(remoteIp, {
        blockMs: fault.forMs ?? blockMs,
        shape: fault.shape ?? shape,
        hasRetryAfter: fault.hasRetryAfter ?? hasRetryAfter,
      }, nowMs);
    }
    const block = this.#guard.blockOf(remoteIp, nowMs);
    if (block !== undefined) {
      return undone(blockResponse(block), { scope: "cloudflare" });
    }
    return refuseInvalid(arrival, settings.accounts, settings.answers) ??
      this.#globals.refuse(arrival, settings, nowMs) ??
      this.#passBuckets(arrival, fault, nowMs);
  }

  #passBuckets(
    arrival: Arrival,
    fault: Fault | undefined,
    nowMs: number,
  ): Verdict {
    const settings = this.#settings;
    const { shown, refused } = this.#buckets.pass(
      this.#limitersOf(arrival.route),
      this.#limitedRequestOf(arrival, nowMs),
      nowMs,
    );
    if (refused === undefined || settings.globalLimit.countsRefused) {
      this.#globals.take(arrival, settings, nowMs);
    }
    if (refused !== undefined) return this.#refuse(shown, refused);
    const verdict = this.#act(arrival, fault, nowMs);
    // A global refusal, or an answer of Cloudflare's, has no headers of a bucket.
    const isAnnouncing = verdict.scope !== "global" &&
      verdict.response.headers.some(([name]) => name === "via");
    if (shown !== undefined && isAnnouncing) {
      announce(verdict.response, shown, settings.clockOffsetMs);
    }
    return verdict;
  }

  #refuse(shown: Shown | undefined, refused: Shown): Verdict {
    const { limiter, verdict } = refused;
    const { scope = "user" } = limiter;
    const response = refusalResponse({
      ...limiter,
      scope,
      retryAfterMs: verdict.retryAfterMs,
    });
    const isOwn = !limiter.isHidden || limiter.shows === "own";
    const announced = isOwn ? refused : shown;
    if (announced !== undefined) {
      announce(response, announced, this.#settings.clockOffsetMs);
    }
    return undone(response, {
      limitedBy: limiter.name ?? limiter.counter,
      scope: response.status === 429 ? scope : undefined,
    });
  }

  /** The deed, or the fault that stands in its place. */
  #act(arrival: Arrival, fault: Fault | undefined, nowMs: number): Verdict {
    const instead = insteadOfAnswer(fault);
    if (instead !== undefined && !isDoneUnseen(fault)) return instead;
    const { accounts, answers, clockOffsetMs } = this.#settings;
    const effect = this.#world.execute(
      arrival,
      { ...answers, guildOf: accounts.guildOf },
      nowMs,
      nowMs + clockOffsetMs,
    );
    return instead === undefined
      ? effect
      : { ...effect, response: instead.response, scope: instead.scope };
  }

  #limitedRequestOf(arrival: Arrival, nowMs: number): LimitedRequest {
    const { route, path, bucketOwner, facts } = arrival;
    const { accounts, clockOffsetMs } = this.#settings;
    const [id = "", token = ""] = route.params;
    const poster = route.lane === "interaction" ? token : id;
    return {
      owner: bucketOwner,
      major: route.major,
      path,
      channel: accounts.channelOf[poster] ?? poster,
      guild: accounts.guildOf[route.major] ?? route.major,
      facts,
      messageAgeMs: () => {
        const madeAtMs = snowflakeAtMs(route.params.at(-1) ?? "");
        return madeAtMs === undefined ? 0 : nowMs + clockOffsetMs - madeAtMs;
      },
    };
  }

  #limitersOf(route: Route): readonly Limiter[] {
    const limiters = this.#book.limitersOf(route.key);
    const { channelWriteLimit } = this.#settings;
    const isChannelWrite = route.template.startsWith("/channels/{}") &&
      !route.key.startsWith("GET ");
    return channelWriteLimit === undefined || !isChannelWrite
      ? limiters
      : [...limiters, { ...CHANNEL_WRITES, ...channelWriteLimit }];
  }

  #compile(settings: ModelSettings, nowMs: number): RuleBook {
    const { rules, changes, modes } = settings;
    const elapsedMs = nowMs - this.#startedAtMs;
    const later = changes.filter((each) => each.afterMs > elapsedMs);
    const book = new RuleBook(
      [...defaultRules(modes), ...rules],
      changes.filter((each) => each.afterMs <= elapsedMs),
    );
    this.#nextChangeAtMs = this.#startedAtMs +
      Math.min(Infinity, ...later.map((each) => each.afterMs));
    return book;
  }
}

function isInvalidRequest({ response, scope }: Verdict): boolean {
  return INVALID.has(response.status) && scope !== "shared" &&
    scope !== "cloudflare";
}
