import { bodyFactsOf } from "./body_facts.ts";
import {
  BucketStore,
  type LimitedRequest,
  type Shown,
} from "./bucket_store.ts";
import { defaultRules } from "./default_rules.ts";
import type { Fault, ScriptedFault } from "./fault.ts";
import { FaultPlan } from "./fault_plan.ts";
import { GlobalCounter, type GlobalNumbers } from "./global_limit.ts";
import { type Caller, callerOf } from "./identity.ts";
import { IpGuard } from "./ip_guard.ts";
import { createRandom, type Random } from "./random.ts";
import { headerOf, type SimRequest } from "./request.ts";
import {
  announce,
  blockResponse,
  errorResponse,
  failureResponse,
  originResponse,
  refusalResponse,
  type Refused,
  type Scope,
  type SimResponse,
} from "./response.ts";
import { type Route, routeOf } from "./router.ts";
import { hashOf, type Limiter, RuleBook } from "./rule_book.ts";
import {
  DEFAULT_SETTINGS,
  type ModelOptions,
  type ModelSettings,
  withOptions,
} from "./settings.ts";
import { snowflakeAtMs } from "./snowflake.ts";
import { type Command, World } from "./world.ts";

/** How an answer travels, or does not. */
export type Delivery =
  | { readonly kind: "whole" }
  | { readonly kind: "reset" | "close" | "silence" | "cut" | "nonsense" }
  | { readonly kind: "slow"; readonly overMs: number };

/** Everything that came of one request. */
export interface Outcome {
  readonly response: SimResponse;
  /** True when the request's side effect (or read) happened. */
  readonly executed: boolean;
  readonly isDuplicate: boolean;
  readonly delivery: Delivery;
  readonly routeKey: string;
  readonly major: string;
  readonly callerKey: string;
  /** Set on 429s and blocks. */
  readonly scope: Scope | undefined;
  /** The limiter that said no, by name. */
  readonly limitedBy: string | undefined;
  readonly isInvalid: boolean;
  /** What tells this request from its like: the message's content, else the audit-log reason. */
  readonly mark: string | undefined;
  readonly fault: Fault["kind"] | undefined;
}

type Verdict = Pick<
  Outcome,
  "response" | "executed" | "isDuplicate" | "scope" | "limitedBy"
>;

const WHOLE: Delivery = { kind: "whole" };

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
  readonly #globals = new Map<string, GlobalCounter>();
  readonly #guard = new IpGuard();
  readonly #world = new World();
  readonly #plan = new FaultPlan();
  #settings: ModelSettings = DEFAULT_SETTINGS;
  #random: Random;
  #book: RuleBook;
  #nextChangeAtMs = Infinity;

  constructor(options: ModelOptions, startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
    this.#settings = withOptions(DEFAULT_SETTINGS, options);
    this.#random = createRandom(this.#settings.seed);
    this.#plan.setScript(this.#settings.script);
    this.#plan.setChances(this.#settings.faults);
    this.#book = this.#compile(startedAtMs);
  }

  get settings(): ModelSettings {
    return this.#settings;
  }

  /** Changes any part of the settings in the middle of a run; what was counted stays. */
  set(change: ModelOptions, nowMs: number): void {
    this.#settings = withOptions(this.#settings, change);
    if (change.seed !== undefined) this.#random = createRandom(change.seed);
    if (change.script !== undefined) this.#plan.setScript(change.script);
    this.#plan.setChances(this.#settings.faults);
    this.#book = this.#compile(nowMs);
  }

  /** Prepares a fault for the next requests that match. */
  script(fault: ScriptedFault): void {
    this.#plan.add(fault);
  }

  /** Judges one request that arrives at `nowMs`. Calls come in the order of time. */
  handle(request: SimRequest, nowMs: number): Outcome {
    if (nowMs >= this.#nextChangeAtMs) this.#book = this.#compile(nowMs);
    const { path, query } = splitTarget(request.target);
    const route = routeOf(request.method, path);
    const caller = callerOf(
      headerOf(request.headers, "authorization"),
      request.remoteIp,
    );
    const fault = this.#plan.next({
      routeKey: route.key,
      line: `${request.method} ${path}`,
      isReused: request.isReused,
    }, this.#random);
    const arrival: Arrival = {
      request,
      route,
      path,
      query,
      caller,
      fault,
      callerKey: route.lane === "bot" ? caller.key : TOKEN_IN_PATH,
      facts: memo(() => bodyFactsOf(request)),
    };
    const verdict = neverArrives(fault)
      ? done(failureResponse(502), {})
      : this.#decide(arrival, nowMs);
    const { status } = verdict.response;
    const isInvalid = verdict.scope !== "cloudflare" &&
      verdict.scope !== "shared" && INVALID.has(status) && !neverArrives(fault);
    if (isInvalid) {
      this.#guard.countInvalid(
        request.remoteIp,
        this.#settings.invalidRequests,
        nowMs,
      );
    }
    return {
      ...verdict,
      delivery: deliveryOf(fault),
      routeKey: route.key,
      major: route.major,
      callerKey: caller.key,
      isInvalid,
      mark: markOf(arrival),
      fault: fault?.kind,
    };
  }

  #decide(arrival: Arrival, nowMs: number): Verdict {
    const { request, fault } = arrival;
    if (fault?.kind === "block") {
      const { invalidRequests } = this.#settings;
      this.#guard.block(request.remoteIp, {
        blockMs: fault.forMs ?? invalidRequests.blockMs,
        shape: fault.shape ?? invalidRequests.shape,
        hasRetryAfter: fault.hasRetryAfter ?? invalidRequests.hasRetryAfter,
      }, nowMs);
    }
    const block = this.#guard.blockOf(request.remoteIp, nowMs);
    if (block !== undefined) {
      return done(blockResponse(block), { scope: "cloudflare" });
    }
    return this.#refuseCaller(arrival) ??
      this.#refuseGlobally(arrival, nowMs) ??
      this.#passBuckets(arrival, nowMs);
  }

  /** Wrong token, unknown webhook, body too large, path outside the API. */
  #refuseCaller(
    { request, route, path, caller }: Arrival,
  ): Verdict | undefined {
    const { accounts, answers } = this.#settings;
    if (path === "") {
      return done(errorResponse(404, 0, "404: Not Found"), {});
    }
    if (request.bodyBytes > answers.bodyLimitBytes) {
      return done(errorResponse(413, 40005, "Request entity too large"), {});
    }
    const [webhook = "", webhookToken = ""] = route.params;
    if (route.lane !== "bot") {
      if (accounts.goneWebhooks.includes(webhook)) {
        return done(errorResponse(404, 10015, "Unknown Webhook"), {});
      }
      return accounts.badWebhookTokens.includes(webhookToken)
        ? done(errorResponse(401, 50027, "Invalid Webhook Token"), {})
        : undefined;
    }
    const isOpen = route.operation?.isOpen === true && caller.kind === "none";
    const { goodTokens, badTokens } = accounts;
    const isKnown = (caller.kind === "bot" || caller.kind === "bearer") &&
      !badTokens.includes(caller.token) &&
      (goodTokens === undefined || goodTokens.includes(caller.token));
    if (isOpen || isKnown) return undefined;
    return done(errorResponse(401, 0, "401: Unauthorized"), {});
  }

  #refuseGlobally(arrival: Arrival, nowMs: number): Verdict | undefined {
    const counted = this.#globalOf(arrival);
    if (counted === undefined) return undefined;
    const { counter, numbers } = counted;
    const { clockOffsetMs, globalLimit } = this.#settings;
    const waitMs = counter.waitMs(numbers, nowMs, clockOffsetMs);
    if (waitMs > 0) {
      return done(refusalResponse({ scope: "global", retryAfterMs: waitMs }), {
        scope: "global",
        limitedBy: "global",
      });
    }
    if (globalLimit.countsRefused) counter.take(numbers, nowMs, clockOffsetMs);
    return undefined;
  }

  #passBuckets(arrival: Arrival, nowMs: number): Verdict {
    const { route } = arrival;
    const limited = this.#limitedRequestOf(arrival, nowMs);
    const limiters = this.#limitersOf(route);
    const { shown, refused } = this.#buckets.pass(limiters, limited, nowMs);
    if (refused !== undefined) return this.#refusal(shown, refused);
    const { globalLimit, clockOffsetMs } = this.#settings;
    if (!globalLimit.countsRefused) {
      const counted = this.#globalOf(arrival);
      counted?.counter.take(counted.numbers, nowMs, clockOffsetMs);
    }
    const verdict = this.#act(arrival, nowMs);
    const isAnnounced = shown !== undefined && verdict.scope !== "global" &&
      verdict.response.headers.some(([name]) => name === "via");
    if (isAnnounced) announce(verdict.response, shown, clockOffsetMs);
    return verdict;
  }

  #refusal(shown: Shown | undefined, refused: Shown): Verdict {
    const { limiter, verdict } = refused;
    const scope = limiter.scope ?? "user";
    const response = refusalResponse({
      scope,
      retryAfterMs: verdict.retryAfterMs,
      ...pick(limiter, ["status", "code", "message", "retryAfterHeaderS"]),
    });
    const isOwn = refused === shown || limiter.shows === "own" ||
      !limiter.isHidden;
    const announced = isOwn ? refused : shown;
    if (announced !== undefined) {
      announce(response, announced, this.#settings.clockOffsetMs);
    }
    return done(response, {
      ...(response.status === 429 ? { scope } : {}),
      limitedBy: limiter.name ?? limiter.counter,
    });
  }

  /** The deed, or the fault that stands in its place. */
  #act(arrival: Arrival, nowMs: number): Verdict {
    const { fault } = arrival;
    const instead = insteadOfAnswer(fault);
    if (instead !== undefined && !isExecuted(fault)) return instead;
    const effect = this.#world.execute(
      commandOf(arrival),
      this.#settings.answers,
      nowMs,
      nowMs + this.#settings.clockOffsetMs,
    );
    return {
      response: instead?.response ?? effect.response,
      executed: effect.isExecuted,
      isDuplicate: effect.isDuplicate,
      scope: instead?.scope,
      limitedBy: undefined,
    };
  }

  #globalOf(
    { route, caller, request }: Arrival,
  ): { counter: GlobalCounter; numbers: GlobalNumbers } | undefined {
    const { globalLimit, ipPool } = this.#settings;
    const isNobody = caller.kind === "none" || caller.kind === "malformed";
    if (isNobody && !ipPool.isOn) return undefined;
    const isExempt = !isNobody && route.lane === "interaction" &&
      globalLimit.isInteractionExempt;
    if (isExempt) return undefined;
    const key = isNobody ? `ip ${request.remoteIp}` : caller.key;
    let counter = this.#globals.get(key);
    if (counter === undefined) {
      this.#globals.set(key, counter = new GlobalCounter());
    }
    if (isNobody) return { counter, numbers: ipPool };
    const limit = globalLimit.limitOf[caller.token] ?? globalLimit.limit;
    return { counter, numbers: { ...globalLimit, limit } };
  }

  #limitedRequestOf(arrival: Arrival, nowMs: number): LimitedRequest {
    const { route, path, callerKey, facts } = arrival;
    const { accounts, clockOffsetMs } = this.#settings;
    const [id = "", token = ""] = route.params;
    const poster = route.lane === "interaction" ? token : id;
    return {
      callerKey,
      major: route.major,
      path,
      channel: accounts.channelOf[poster] ?? poster,
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

  #compile(nowMs: number): RuleBook {
    const { rules, changes, modes } = this.#settings;
    const elapsedMs = nowMs - this.#startedAtMs;
    const later = changes.filter((each) => each.afterMs > elapsedMs);
    this.#nextChangeAtMs = this.#startedAtMs +
      Math.min(Infinity, ...later.map((each) => each.afterMs));
    return new RuleBook(
      [...defaultRules(modes), ...rules],
      changes.filter((each) => each.afterMs <= elapsedMs),
    );
  }
}

interface Arrival extends Command {
  readonly caller: Caller;
  readonly fault: Fault | undefined;
}

/** Who counts where the path's own token proves the caller: nobody apart. */
const TOKEN_IN_PATH = "token in path";

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

/** Path below the version, "" outside the API; query with its question mark. */
function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf("?");
  const whole = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark);
  const path = /^\/api(?:\/v\d+)?(\/.*)$/s.exec(whole)?.[1] ?? "";
  return { path, query };
}

function markOf({ request, facts }: Command): string | undefined {
  const { content } = facts();
  if (typeof content === "string") return content;
  return headerOf(request.headers, "x-audit-log-reason");
}

function commandOf(arrival: Arrival): Command {
  return arrival;
}

function done(
  response: SimResponse,
  more: Partial<Pick<Outcome, "scope" | "limitedBy">>,
): Verdict {
  return {
    response,
    executed: false,
    isDuplicate: false,
    scope: more.scope,
    limitedBy: more.limitedBy,
  };
}

/** Faults on the way in: no limit is spent, nothing is done. */
function neverArrives(fault: Fault | undefined): boolean {
  switch (fault?.kind) {
    case "reset":
    case "close":
    case "silence":
    case "nonsense":
      return fault.isExecuted !== true;
    default:
      return false;
  }
}

function isExecuted(fault: Fault | undefined): boolean {
  return (fault?.kind === "status" || fault?.kind === "answer") &&
    fault.isExecuted === true;
}

function insteadOfAnswer(fault: Fault | undefined): Verdict | undefined {
  switch (fault?.kind) {
    case "status":
      return done(failureResponse(fault.status), {});
    case "answer": {
      const response = originResponse(fault.status, fault.body);
      if (fault.headers !== undefined) {
        response.headers.splice(0, Infinity, ...fault.headers);
      }
      return done(response, {});
    }
    case "limited": {
      const { scope, retryAfterMs } = fault;
      const refused: Refused = {
        scope,
        retryAfterMs,
        ...pick(fault, ["code", "message", "retryAfterHeaderS"]),
      };
      return done(refusalResponse(refused), { scope });
    }
    default:
      return undefined;
  }
}

function deliveryOf(fault: Fault | undefined): Delivery {
  switch (fault?.kind) {
    case "reset":
    case "close":
    case "silence":
    case "nonsense":
      return { kind: fault.kind };
    case "cut_body":
      return { kind: "cut" };
    case "slow_body":
      return { kind: "slow", overMs: fault.overMs };
    default:
      return WHOLE;
  }
}

/** The named members that are set. */
function pick<From extends object, Name extends keyof From>(
  from: From,
  names: readonly Name[],
): Partial<Pick<From, Name>> {
  const picked: Partial<Pick<From, Name>> = {};
  for (const name of names) {
    if (from[name] !== undefined) picked[name] = from[name];
  }
  return picked;
}

function memo<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
