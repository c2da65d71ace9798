import type { Findings } from "./findings.ts";
import { type Ground, Trial } from "./trial.ts";
import { tryBurst, tryCallback, tryNonces, tryRenames } from "./try_facts.ts";
import {
  tryChannel,
  tryGuild,
  tryMessages,
  tryOthers,
  tryWebhook,
} from "./try_limits.ts";
import { idIn } from "./trial.ts";
import { Stopped, type Visit } from "./visit.ts";

/** Kept for deleting what was made: three channels, a role, a command. */
export const TIDY_REQUESTS = 5;

/**
 * Tries what the simulator has rules for: the limits of routes, and then
 * single facts. The same programme runs against the simulator and against
 * Discord, and what they say is compared. Everything it makes in the guild is
 * deleted at its end, however that comes.
 */
export async function runProgramme(
  visit: Visit,
  ground: Ground,
): Promise<Findings> {
  const trial = new Trial(visit, ground);
  const early = await stoppedBy(() => tryAll(trial));
  const late = await stoppedBy(() => visit.tidyUp(() => trial.tidy()));
  const { requests, invalid } = visit;
  const { routes, facts } = trial;
  return { routes, facts, requests, invalid, stopped: early ?? late };
}

/** Why `part` stopped; undefined when it came to its end. */
async function stoppedBy(
  part: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await part();
    return undefined;
  } catch (error) {
    if (error instanceof Stopped) return error.message;
    throw error;
  }
}

async function tryAll(trial: Trial): Promise<void> {
  const me = await trial.visit.ask("GET", "/users/@me");
  const bot = idIn(me) ?? trial.ground.applicationId;
  const channel = await trial.makeChannel();
  // Each of the later trials wants a bucket at rest.
  const forBurst = await trial.makeChannel();
  const forNonces = await trial.makeChannel();
  await tryMessages(trial, channel);
  await tryChannel(trial, channel);
  await tryGuild(trial, bot);
  await tryWebhook(trial, channel);
  await tryOthers(trial, bot);
  await tryBurst(trial, forBurst, channel);
  await tryNonces(trial, forNonces);
  await tryRenames(trial, forBurst);
  await tryCallback(trial);
}
