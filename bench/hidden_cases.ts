import { type BenchCase, NEAR, WIDE } from "./bench_case.ts";
import {
  channelOfWebhooks,
  guildOfJoins,
  joins,
  messageReads,
  oldDeletions,
  webhookMessages,
} from "./shots.ts";

const JOINS = 100;
const WEBHOOKS = 20;

/** Counters that span many lines: the guild of threads (api-docs #8082), the channel of webhooks (#367, #1297). */
export function commonCases(): BenchCase[] {
  const join = {
    match: "PUT /channels/{c}/thread-members/@me",
    limit: 10,
    periodMs: 2_000,
    per: "guild",
  } as const;
  const kinds = ["fixed", "sliding"] as const;
  return [
    ...kinds.map((kind): BenchCase => ({
      name: `joins_${kind}`,
      about: `${JOINS} joins of a guild's threads, ${kind} 10 per 2 s over all`,
      idealMs: 18_050,
      reach: 1.2,
      // That they share a counter has to be met to be known.
      isQuiet: false,
      sim: {
        ...NEAR,
        rules: [{ ...join, kind }],
        accounts: { guildOf: guildOfJoins(JOINS) },
      },
      shots: joins(JOINS),
    })),
    {
      name: "webhooks",
      about:
        `${WEBHOOKS} webhooks x 5 messages, hidden 10 per 2 s of a channel`,
      idealMs: 18_050,
      reach: 1.25,
      isQuiet: false,
      isOrdered: true,
      sim: {
        ...NEAR,
        rules: [{
          match: "POST /webhooks/{w}/{token}",
          limits: [{ limit: 5, periodMs: 2_000 }, {
            name: "hidden",
            limit: 10,
            periodMs: 2_000,
            kind: "fixed",
            isHidden: true,
            per: "channel",
            scope: "shared",
          }],
        }],
        accounts: { channelOf: channelOfWebhooks(WEBHOOKS) },
      },
      globalLimit: 1_000,
      shots: webhookMessages(WEBHOOKS, 5),
    },
  ];
}

/** Buckets that only their 429s name (api-docs #7394, #8161, #8330). */
export function secondCases(): BenchCase[] {
  const worlds = [
    ["second_fixed", 20, 15_050, { limit: 5, periodMs: 5_000, kind: "fixed" }],
    ["second_wide", 120, 12_050, { limit: 35, periodMs: 4_000, kind: "fixed" }],
    ["second_sliding", 20, 15_050, { limit: 5, periodMs: 5_000 }],
  ] as const;
  return [
    ...worlds.map(([name, count, idealMs, hidden]): BenchCase => ({
      name,
      about: `${count} reads of a route that shows another limit's numbers`,
      idealMs,
      reach: 1.15,
      isQuiet: false,
      sim: {
        ...NEAR,
        rules: [{
          match: "GET /channels/{c}/messages/{m}",
          limits: [WIDE, {
            ...hidden,
            name: "hidden",
            isHidden: true,
            shows: "own",
          }],
        }],
      },
      shots: messageReads(count),
    })),
    {
      name: "old_deletions",
      about: "30 deletions of old messages that meet the young ones' bucket",
      idealMs: 25_050,
      reach: 1.1,
      isQuiet: false,
      sim: {
        ...NEAR,
        rules: [{
          match: "DELETE /channels/{c}/messages/{m}",
          limits: [{ name: "old", limit: 30, periodMs: 120_000 }, {
            name: "young",
            limit: 5,
            periodMs: 5_000,
            isHidden: true,
            shows: "own",
          }],
        }],
      },
      shots: oldDeletions(30, Date.now()),
    },
  ];
}
