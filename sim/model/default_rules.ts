import type { LimitSpec, RouteRule } from "./limit_rule.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Variants of Discord's behaviour that were seen at some time. */
export interface RuleModes {
  /** A huge outer limit is announced while a small one binds (#8161, #7394). */
  readonly isOuterLimitShown: boolean;
  /** POST, PATCH and DELETE of messages show one hash and count apart (until 2026-01, #8073). */
  readonly isHashSharedApart: boolean;
  /** Deletions of messages younger than 10 s carry no headers (#1092). */
  readonly isYoungDeleteHeaderless: boolean;
  /** Deletions of messages older than 14 days also spend the 5-per-5-s bucket (#8330). */
  readonly isOldDeleteGatedTwice: boolean;
  /** 30034 comes with this status: 400 in 2023, 429 in 2024. */
  readonly commandCreateStatus: 400 | 429;
}

/**
 * The limits of a route without a row of its own. Ours, not Discord's: most
 * routes' numbers are unknown, and a generous one leaves the global limit to bind.
 */
const OTHERWISE: LimitSpec = { limit: 50, periodMs: 5 * SECOND_MS };

/** Fixed: the waits reported (582 s of 600) are whole windows, not one token's time. */
const NAME_OR_TOPIC: LimitSpec = {
  limit: 2,
  periodMs: 10 * MINUTE_MS,
  kind: "fixed",
  isHidden: true,
};

/** Channel renames and topic changes count apart (#1900, #2190). */
const CHANNEL_NAME: LimitSpec = {
  ...NAME_OR_TOPIC,
  name: "channel name",
  field: "name",
};
const CHANNEL_TOPIC: LimitSpec = {
  ...NAME_OR_TOPIC,
  name: "channel topic",
  field: "topic",
};

/** All webhooks and follow-ups of a channel together (#367); waits of 40 s and more, so fixed (#1454). */
const CHANNEL_WEBHOOKS: LimitSpec = {
  name: "webhook messages of a channel",
  bucket: "webhook messages of a channel",
  limit: 30,
  periodMs: MINUTE_MS,
  kind: "fixed",
  per: "channel",
  isHidden: true,
  scope: "shared",
  message: "The resource is being rate limited.",
};

/** One for every way of adding or taking a reaction in a channel (#981). */
const REACTIONS: LimitSpec = {
  limit: 1,
  periodMs: 250,
  bucket: "reactions",
};

const REACTION = "/channels/{c}/messages/{m}/reactions";

/** The defaults; later rows win. Numbers as reported, sources in brackets. */
export function defaultRules(modes: RuleModes): RouteRule[] {
  return [
    { match: "* *", ...OTHERWISE },
    ...headerlessRules(),
    ...messageRules(modes),
    ...reactionRules(),
    ...channelRules(),
    ...guildRules(),
    ...webhookRules(),
    ...applicationRules(modes),
  ];
}

function headerlessRules(): RouteRule[] {
  return [
    "POST /interactions/{i}/{token}/callback",
    "POST /oauth2/token",
    "POST /oauth2/token/revoke",
    "GET /gateway",
    "GET /invites/{code}",
  ].map((match) => ({ match, headerless: true }));
}

function messageRules(modes: RuleModes): RouteRule[] {
  const five: LimitSpec = {
    limit: 5,
    periodMs: 5 * SECOND_MS,
    ...(modes.isHashSharedApart ? { hash: "messages" } : {}),
  };
  return [
    { match: "POST /channels/{c}/messages", ...five },
    {
      match: "PATCH /channels/{c}/messages/{m}",
      limits: [five, {
        name: "edits of old messages",
        limit: 3,
        periodMs: 6 * SECOND_MS,
        isHidden: true,
        messageAge: { fromMs: HOUR_MS },
        code: 30046,
        message:
          "Maximum number of edits to messages older than 1 hour reached. Try again later",
      }],
    },
    { match: "DELETE /channels/{c}/messages/{m}", limits: deletions(modes) },
    {
      match: "POST /channels/{c}/messages/bulk-delete",
      limit: 1,
      periodMs: 3 * SECOND_MS,
    },
    {
      match: "GET /channels/{c}/messages",
      limits: outerAndInner(modes, 1000, five),
    },
    {
      match: "POST /channels/{c}/messages/{m}/crosspost",
      limits: [OTHERWISE, {
        name: "crossposts",
        limit: 10,
        periodMs: HOUR_MS,
        kind: "fixed",
        isHidden: true,
      }],
    },
  ];
}

/** Hash and numbers change with the age of the message (#1295, #8330). */
function deletions(modes: RuleModes): LimitSpec[] {
  const shared = modes.isHashSharedApart ? { hash: "messages" } : {};
  const young: LimitSpec = {
    name: "deletions of messages under 10 s",
    limit: 5,
    periodMs: 5 * SECOND_MS,
    ...shared,
    ...(modes.isYoungDeleteHeaderless ? { isHeaderless: true } : {}),
  };
  const old: LimitSpec = {
    name: "deletions of messages over 14 days",
    limit: 30,
    periodMs: 2 * MINUTE_MS,
    messageAge: { fromMs: 14 * DAY_MS },
  };
  const middle: LimitSpec = {
    name: "deletions of messages",
    limit: 3,
    periodMs: SECOND_MS,
    messageAge: { fromMs: 10 * SECOND_MS, toMs: 14 * DAY_MS },
  };
  return [
    { ...young, messageAge: { toMs: 10 * SECOND_MS } },
    middle,
    old,
    ...(modes.isOldDeleteGatedTwice
      ? [{ ...young, messageAge: { fromMs: 14 * DAY_MS }, isHidden: true }]
      : []),
  ];
}

/** A binding limit, either announced or hidden behind a larger one. */
function outerAndInner(
  modes: RuleModes,
  outer: number,
  inner: LimitSpec,
): LimitSpec[] {
  if (!modes.isOuterLimitShown) return [inner];
  return [
    { name: "outer", limit: outer, periodMs: 10 * MINUTE_MS },
    { ...inner, name: "inner", isHidden: true, shows: "own" },
  ];
}

function reactionRules(): RouteRule[] {
  return [
    `PUT ${REACTION}/{emoji}/@me`,
    `DELETE ${REACTION}/{emoji}/@me`,
    `DELETE ${REACTION}/{emoji}/{user}`,
    `DELETE ${REACTION}/{emoji}`,
    `DELETE ${REACTION}`,
  ].map((match) => ({ match, ...REACTIONS }));
}

function channelRules(): RouteRule[] {
  const threads: LimitSpec = {
    name: "new threads of a channel",
    bucket: "new threads of a channel",
    // Numbers ours; waits of 145 to 219 s were reported (#7816).
    limit: 50,
    periodMs: 5 * MINUTE_MS,
    kind: "fixed",
    isHidden: true,
    scope: "shared",
    message: "The resource is being rate limited.",
  };
  return [
    {
      match: "PATCH /channels/{c}",
      limits: [
        { limit: 5, periodMs: 15 * SECOND_MS },
        CHANNEL_NAME,
        CHANNEL_TOPIC,
      ],
    },
    { match: "POST /channels/{c}/threads", limits: [OTHERWISE, threads] },
    {
      match: "POST /channels/{c}/messages/{m}/threads",
      limits: [OTHERWISE, threads],
    },
  ];
}

function guildRules(): RouteRule[] {
  return [
    {
      match: "POST /guilds/{g}/roles",
      limit: 250,
      periodMs: 2 * DAY_MS,
      kind: "fixed",
    },
    {
      match: "PUT /guilds/{g}/members/{u}/roles/{r}",
      limit: 10,
      periodMs: 10 * SECOND_MS,
      kind: "fixed",
    },
    {
      match: "POST /guilds/{g}/emojis",
      limits: [OTHERWISE, {
        name: "new emojis of a guild",
        limit: 50,
        periodMs: HOUR_MS,
        kind: "fixed",
        isHidden: true,
      }],
    },
  ];
}

function webhookRules(): RouteRule[] {
  const execute: LimitSpec = { limit: 5, periodMs: 2 * SECOND_MS };
  return ["", "/github", "/slack"].map((suffix) => ({
    match: `POST /webhooks/{w}/{token}${suffix}`,
    limits: [execute, CHANNEL_WEBHOOKS],
  }));
}

function applicationRules(modes: RuleModes): RouteRule[] {
  const five: LimitSpec = { limit: 5, periodMs: 20 * SECOND_MS };
  const daily: LimitSpec = {
    name: "new commands in a day",
    limit: 200,
    periodMs: DAY_MS,
    kind: "fixed",
    per: "path",
    isHidden: true,
    status: modes.commandCreateStatus,
    code: 30034,
    message:
      "Max number of daily application command creates has been reached (200)",
  };
  const user: LimitSpec = { limit: 30, periodMs: 30 * SECOND_MS };
  const commands = ["/applications/{a}", "/applications/{a}/guilds/{g}"]
    .flatMap(
      (top) => [
        { match: `POST ${top}/commands`, limits: [five, daily] },
        { match: `PATCH ${top}/commands/{c}`, ...five },
      ],
    );
  return [
    ...commands,
    { match: "GET /users/{u}", limits: outerAndInner(modes, 2000, user) },
    { match: "GET /gateway/bot", limit: 2, periodMs: 5 * SECOND_MS },
    {
      match: "PATCH /users/@me",
      limits: [OTHERWISE, {
        name: "username changes",
        limit: 2,
        periodMs: HOUR_MS,
        kind: "fixed",
        isHidden: true,
        field: "username",
      }],
    },
  ];
}
