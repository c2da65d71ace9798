import type { AuditReport } from "../../sim/auditor.ts";
import { createRandom, type Range } from "../../sim/model/random.ts";
import type { BotKind } from "./bot.ts";
import { liveAndDie } from "./bot_lives.ts";
import { readFrames, readReplies } from "./reply_log.ts";
import type { BotRecord } from "./verdict.ts";
import { temporaryFolder } from "./world.ts";

/** Bots that are killed and restarted until they are done. */
export interface LiveOptions {
  readonly seed: number;
  readonly bots: number;
  /** Of each bot. */
  readonly messages: number;
  /** Where they find a proxy, on loopback. */
  readonly port: number;
  /** The key of the bot with this index. */
  readonly keyOf: (index: number) => string;
  /** How bots send, dealt out in turn; over REP unless said. */
  readonly kinds?: readonly BotKind[];
  /** Bots that use a new `req` for each message in every life. */
  readonly areForgetful?: boolean;
  /** How long a bot's process lives. */
  readonly lifeMs?: Range;
  /** They have to be done by then. */
  readonly runMsMax: number;
}

const ONLY_REP: readonly BotKind[] = ["rep"];

/** Settles when all of them are done, or their time is over. */
export async function liveAll(options: LiveOptions): Promise<BotRecord[]> {
  const { seed, bots, messages, port, keyOf, areForgetful = false } = options;
  const { kinds = ONLY_REP, runMsMax, lifeMs } = options;
  await using folder = await temporaryFolder();
  const signal = AbortSignal.timeout(runMsMax);
  return await Promise.all(Array.from({ length: bots }, async (_, index) => {
    const name = `bot-${index + 1}`;
    const kind = kinds[index % kinds.length] ?? "rep";
    const logPath = `${folder.path}/${name}.log`;
    await Deno.writeTextFile(logPath, "");
    const channelId = String(1_200_000_000_000_000_000n + BigInt(index));
    const lives = await liveAndDie(
      {
        url: kind === "rep"
          ? `ws://127.0.0.1:${port}/rep`
          : `http://127.0.0.1:${port}`,
        kind,
        key: keyOf(index),
        name,
        channelId,
        messages,
        logPath,
        isForgetful: areForgetful,
      },
      createRandom(seed * 1_000 + index),
      signal,
      lifeMs,
    );
    const replies = readReplies(logPath);
    return { ...lives, name, messages, replies, frames: readFrames(logPath) };
  }));
}

/** What the simulated Discord says of every message that should exist. */
export async function audit(
  simUrl: URL,
  expected: readonly string[],
): Promise<AuditReport> {
  const response = await fetch(new URL("/__sim/report", simUrl), {
    method: "POST",
    body: JSON.stringify({ expected }),
  });
  if (!response.ok) throw new Error(`No audit: ${await response.text()}`);
  return await response.json();
}

/** Replies that reached a later life than the one that had sent the request. */
export function missedIn(bots: readonly BotRecord[]): number {
  return sum(
    bots.map(({ replies }) =>
      replies.filter(({ wasMissed }) => wasMissed).length
    ),
  );
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
