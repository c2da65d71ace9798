import type { RuleModes } from "./default_rules.ts";
import type { FaultChance, ScriptedFault } from "./fault.ts";
import type { GlobalNumbers } from "./global_limit.ts";
import type { InvalidNumbers } from "./ip_guard.ts";
import type { RouteRule, RuleChange } from "./limit_rule.ts";

/** A bot's global limit. */
export interface GlobalSettings extends GlobalNumbers {
  /** True: requests that a route's own limit refuses count here, too. What Discord does is unknown; true is the harder world. */
  readonly countsRefused: boolean;
  /** False: interaction callbacks and follow-ups sent with a bot's token count against it (#4142). */
  readonly isInteractionExempt: boolean;
  /** Other limits for some tokens. */
  readonly limitOf: Readonly<Record<string, number>>;
}

/** The limit of all requests without a token, per address. */
export interface PoolSettings extends GlobalNumbers {
  readonly isOn: boolean;
}

/** The tokens and webhooks that the simulated Discord knows. */
export interface AccountSettings {
  /** Only these tokens are valid; undefined: every well-formed one is. */
  readonly goodTokens: readonly string[] | undefined;
  /** These are invalid from now on. */
  readonly badTokens: readonly string[];
  /** Webhook ids answered with 404 code 10015. */
  readonly goneWebhooks: readonly string[];
  /** Webhook or interaction tokens answered with 401 code 50027. */
  readonly badWebhookTokens: readonly string[];
  /** The channel a webhook id or interaction token posts to; itself when not said. */
  readonly channelOf: Readonly<Record<string, string>>;
  /** The guild a channel or thread is in; reading the channel tells it. */
  readonly guildOf: Readonly<Record<string, string>>;
}

/** The form of answers. */
export interface AnswerSettings {
  /** `clock`: ids made of the server's time. `counter`: the same ids in every run. */
  readonly ids: "clock" | "counter";
  /** Compresses when the request accepts it. */
  readonly isGzipped: boolean;
  /** Bodies are sent with a length, or in chunks. */
  readonly framing: "length" | "chunked";
  /** How many 202 "not ready" come before a search path answers. */
  readonly searchesNotReady: number;
  /** True: a message or webhook deleted twice gets 404 the second time. False: calls can be repeated and compared. */
  readonly remembersDeletions: boolean;
  /** How many shards a bot may start at a time, which `GET /gateway/bot` tells: large ones have more than one. */
  readonly maxConcurrency: number;
  /** Larger bodies get 413. */
  readonly bodyLimitBytes: number;
}

/** All settings of the model, as plain data. */
export interface ModelSettings {
  readonly seed: number;
  /** Added to the server's clock: dates, Reset, ids, windows on the clock. */
  readonly clockOffsetMs: number;
  readonly globalLimit: GlobalSettings;
  readonly ipPool: PoolSettings;
  readonly invalidRequests: InvalidNumbers;
  readonly modes: RuleModes;
  readonly rules: readonly RouteRule[];
  readonly changes: readonly RuleChange[];
  /** The write limit of a channel, code 20028; off unless given (#8290). */
  readonly channelWriteLimit:
    | { readonly limit: number; readonly periodMs: number }
    | undefined;
  readonly accounts: AccountSettings;
  readonly answers: AnswerSettings;
  readonly faults: readonly FaultChance[];
  readonly script: readonly ScriptedFault[];
}

/** The same with any part left out. */
export type ModelOptions = {
  readonly [Key in keyof ModelSettings]?: ModelSettings[Key] extends
    readonly unknown[] | number | undefined ? ModelSettings[Key]
    : Partial<ModelSettings[Key]>;
};

/** Discord as its documents describe it, without faults. */
export const DEFAULT_SETTINGS: ModelSettings = {
  seed: 1,
  clockOffsetMs: 0,
  globalLimit: {
    limit: 50,
    periodMs: 1_000,
    window: "fixed_first",
    countsRefused: true,
    isInteractionExempt: true,
    limitOf: {},
  },
  ipPool: { isOn: true, limit: 50, periodMs: 1_000, window: "fixed_first" },
  invalidRequests: {
    limit: 10_000,
    periodMs: 600_000,
    // One hour is the usual length of a ban (#5385).
    blockMs: 3_600_000,
    shape: "a",
    hasRetryAfter: true,
  },
  modes: {
    isOuterLimitShown: false,
    isHashSharedApart: false,
    isYoungDeleteHeaderless: false,
    isOldDeleteGatedTwice: false,
    commandCreateStatus: 429,
  },
  rules: [],
  changes: [],
  channelWriteLimit: undefined,
  accounts: {
    goodTokens: undefined,
    badTokens: [],
    goneWebhooks: [],
    badWebhookTokens: [],
    channelOf: {},
    guildOf: {},
  },
  answers: {
    ids: "clock",
    isGzipped: false,
    framing: "length",
    searchesNotReady: 0,
    remembersDeletions: false,
    maxConcurrency: 1,
    // Just under this Cloudflare itself gives up.
    bodyLimitBytes: 500 * 1024 * 1024,
  },
  faults: [],
  script: [],
};

/** Throws on a name that no option has: a misspelt one would quietly measure another world. */
export function checkNames(
  options: object,
  more: readonly string[] = [],
): void {
  for (const [name, value] of Object.entries(options)) {
    const known: unknown = Object.entries(DEFAULT_SETTINGS)
      .find(([key]) => key === name)?.[1];
    if (!Object.hasOwn(DEFAULT_SETTINGS, name) && !more.includes(name)) {
      throw new TypeError(`Cannot set option "${name}": there is none`);
    }
    checkType(name, known, value);
    if (!isGroup(known) || !isGroup(value)) continue;
    for (const [member, inner] of Object.entries(value)) {
      const usual: unknown = Object.entries(known)
        .find(([key]) => key === member)?.[1];
      if (!Object.hasOwn(known, member)) {
        throw new TypeError(
          `Cannot set option "${name}.${member}": there is none`,
        );
      }
      checkType(`${name}.${member}`, usual, inner);
    }
  }
}

/** Throws where a value is of another type than the default, as text is that should be a number. */
function checkType(name: string, known: unknown, value: unknown): void {
  if (known === undefined || value === undefined) return;
  const wanted = typeNameOf(known);
  if (typeNameOf(value) === wanted) return;
  throw new TypeError(
    `Cannot set option "${name}" to ${JSON.stringify(value)}: want a ${wanted}`,
  );
}

function typeNameOf(value: unknown): string {
  return Array.isArray(value) ? "list" : typeof value;
}

function isGroup(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `base` with the members of `change` laid over it, one level deep. */
export function withOptions(
  base: ModelSettings,
  change: ModelOptions,
): ModelSettings {
  return {
    ...base,
    ...change,
    globalLimit: { ...base.globalLimit, ...change.globalLimit },
    ipPool: { ...base.ipPool, ...change.ipPool },
    invalidRequests: { ...base.invalidRequests, ...change.invalidRequests },
    modes: { ...base.modes, ...change.modes },
    accounts: { ...base.accounts, ...change.accounts },
    answers: { ...base.answers, ...change.answers },
    // An object that may be absent is replaced as a whole.
    channelWriteLimit: "channelWriteLimit" in change
      ? change.channelWriteLimit as ModelSettings["channelWriteLimit"]
      : base.channelWriteLimit,
  };
}
