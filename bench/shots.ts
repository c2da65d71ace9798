/** One request a case fires. */
export interface Shot {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v10`. */
  readonly path: string;
  /** JSON text. A message's `content` is the mark by which the simulator judges order. */
  readonly body?: string;
  /** `name: value`, besides those that every request carries. */
  readonly header?: string;
  /** Counted from the first shot. */
  readonly afterMs: number;
}

/** Far from other ids, so that a log is easy to read. */
const FIRST_ID = 1_200_000_000_000_000_000n;

const GUILD = idOf(900_000);
const CHANNEL = idOf(900_001);
const MESSAGE = idOf(900_002);
const MEMBER = idOf(900_003);

/**
 * Messages `1` to `each` in every channel, all channels in turn: the second
 * message of a channel is handed over after the first of all others, as a
 * busy bot would.
 */
export function messages(wanted: {
  readonly channels: number;
  readonly each: number;
  readonly apartMs?: number;
  readonly firstChannel?: number;
}): Shot[] {
  const { channels, each, apartMs = 0, firstChannel = 0 } = wanted;
  return listOf(each * channels, (index) => {
    const channel = idOf(firstChannel + index % channels);
    const number = Math.floor(index / channels) + 1;
    return {
      method: "POST",
      path: `/channels/${channel}/messages`,
      body: JSON.stringify({ content: `message ${number}` }),
      afterMs: index * apartMs,
    };
  });
}

/** Reads of as many channels: nothing in common but the global limit. */
export function channelReads(count: number): Shot[] {
  return reads(count, (index) => `/channels/${idOf(index)}`);
}

/** Reads of one channel's messages: one bucket. */
export function messageReads(count: number): Shot[] {
  return reads(
    count,
    (index) => `/channels/${CHANNEL}/messages/${idOf(index)}`,
  );
}

/** Reads of a route that announces no limit. */
export function headerlessReads(count: number): Shot[] {
  return reads(count, (index) => `/invites/code${index}`);
}

/** PUT and DELETE in turn, a new emoji for each pair. */
export function reactions(count: number): Shot[] {
  return listOf(count, (index): Shot => ({
    method: index % 2 === 0 ? "PUT" : "DELETE",
    path: `/channels/${CHANNEL}/messages/${MESSAGE}/reactions/` +
      `emoji%3A${idOf(index >> 1)}/@me`,
    afterMs: 0,
  }));
}

/** One member is given as many roles. */
export function roleChanges(count: number): Shot[] {
  return listOf(count, (index): Shot => ({
    method: "PUT",
    path: `/guilds/${GUILD}/members/${MEMBER}/roles/${idOf(index)}`,
    afterMs: 0,
  }));
}

/** Answers to as many interactions. */
export function callbacks(count: number): Shot[] {
  return listOf(count, (index): Shot => ({
    method: "POST",
    path: `/interactions/${idOf(index)}/${tokenOf(index)}/callback`,
    body: JSON.stringify({ type: 5 }),
    afterMs: 0,
  }));
}

/** The same channel renamed again and again. */
export function renames(count: number): Shot[] {
  return patches(count, (index) => ({ name: `name-${index}` }));
}

/** Other fields of that channel. */
export function edits(count: number): Shot[] {
  return patches(count, (index) => ({ rate_limit_per_user: index }));
}

/** Threads of one guild, joined. */
export function joins(count: number): Shot[] {
  return listOf(count, (index): Shot => ({
    method: "PUT",
    path: `/channels/${idOf(index)}/thread-members/@me`,
    afterMs: 0,
  }));
}

/** The guild of everything that `joins` joins. */
export function guildOfJoins(count: number): Record<string, string> {
  return Object.fromEntries(
    listOf(count, (index) => idOf(index))
      .map((channel) => [channel, GUILD]),
  );
}

/** Messages of several webhooks, all in turn. */
export function webhookMessages(webhooks: number, each: number): Shot[] {
  return listOf(webhooks * each, (index): Shot => ({
    method: "POST",
    path: `/webhooks/${idOf(index % webhooks)}/token${index % webhooks}`,
    body: JSON.stringify({ content: `m ${Math.floor(index / webhooks) + 1}` }),
    // Order counts: a listener reads sockets that are ready together in any.
    afterMs: index * 0.25,
  }));
}

/** The channel of all of them. */
export function channelOfWebhooks(webhooks: number): Record<string, string> {
  return Object.fromEntries(
    listOf(webhooks, (index) => idOf(index))
      .map((webhook) => [webhook, CHANNEL]),
  );
}

/** Deletions of messages that are three weeks old by the clock of `nowMs`. */
export function oldDeletions(count: number, nowMs: number): Shot[] {
  const madeMs = BigInt(nowMs - 21 * 86_400_000 - 1_420_070_400_000);
  return listOf(count, (index): Shot => ({
    method: "DELETE",
    path: `/channels/${CHANNEL}/messages/${(madeMs << 22n) + BigInt(index)}`,
    afterMs: 0,
  }));
}

/** One read that a user waits for. */
export function urgentRead(): Shot[] {
  return [{
    method: "GET",
    path: `/channels/${idOf(800_000)}`,
    header: "priority: u=0",
    afterMs: 0,
  }];
}

function patches(count: number, bodyOf: (index: number) => object): Shot[] {
  return listOf(count, (index): Shot => ({
    method: "PATCH",
    path: `/channels/${CHANNEL}`,
    body: JSON.stringify(bodyOf(index)),
    afterMs: 0,
  }));
}

function reads(count: number, pathOf: (index: number) => string): Shot[] {
  return listOf(count, (index): Shot => ({
    method: "GET",
    path: pathOf(index),
    afterMs: 0,
  }));
}

function listOf<T>(count: number, itemOf: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => itemOf(index));
}

function idOf(index: number): string {
  return String(FIRST_ID + BigInt(index));
}

/** As long as Discord's own: a token's length shows in what keys cost. */
function tokenOf(index: number): string {
  return `aW50ZXJhY3Rpb246${index}`.padEnd(180, "x");
}
