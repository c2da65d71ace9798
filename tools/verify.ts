/**
 * `deno task verify`: compares the simulated Discord with the real one, by the
 * same programme for both, on a guild and a bot that are the user's own.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { discordTokenIn } from "../rest/config/discord_token.ts";
import { applicationIdOf } from "../rest/domain/application_id.ts";
import { VERSION } from "../rest/domain/version.ts";
import { startSim } from "../sim/server.ts";
import { taskWords, textOptions } from "./task_words.ts";
import { compare, type Findings } from "./verify/findings.ts";
import { runProgramme, TIDY_REQUESTS } from "./verify/programme.ts";
import { reportOf } from "./verify/report.ts";
import type { Ground } from "./verify/trial.ts";
import { Visit } from "./verify/visit.ts";

const USAGE =
  `deno task verify --guild <id> [--requests 300] [--report verify.md]

Compares the simulated Discord with the real one: limits of routes, kinds of
windows, nonces, 429s. It takes the token of DISCORD_TOKEN, spends about 75
requests and never more than --requests, and causes up to three 429s. In the guild it
makes three channels, a role, a webhook and a command, all named sluice-verify or
verify, and deletes them again. Use a test bot and a guild of your own: the bot needs Manage Channels, Manage
Roles and Manage Webhooks. Exit code 1 when something differs.`;

/** A bot's owner agrees to no more. */
const REQUESTS_MAX = 300;

const DISCORD = "https://discord.com/api";

interface Words {
  readonly guild: string;
  readonly requestsMax: number;
  readonly report: string;
  /** For the tests: a simulated Discord in the real one's place. */
  readonly base: string;
}

if (import.meta.main) await verify();

async function verify(): Promise<void> {
  const { token, ...words } = taskWords(USAGE, (said) => ({
    ...wordsIn(said),
    token: tokenIn(Deno.env.get("DISCORD_TOKEN") ?? ""),
  }));
  const { guild, base, requestsMax, report } = words;
  const ground = { guild, applicationId: applicationIdOf(token) ?? "0" };
  console.log(
    `At most ${requestsMax} requests as this bot, in guild ${guild} …`,
  );
  const [simulated, real] = await Promise.all([
    simulate(ground),
    visit(base, token, requestsMax, ground),
  ]);
  const differences = compare(simulated, real);
  const context = { version: VERSION, atMs: Date.now() };
  const text = reportOf(simulated, real, differences, context);
  await Deno.writeTextFile(report, text);
  for (const { what, simulated: here, real: there } of differences) {
    console.log(`differs: ${what}: simulated ${here}; Discord ${there}`);
  }
  if (real.stopped !== undefined) {
    console.log(`It ended early. ${real.stopped}`);
  }
  console.log(
    `${differences.length} differences, ${real.requests} requests; ${report} has no id and no secret in it.`,
  );
  Deno.exit(differences.length > 0 || real.stopped !== undefined ? 1 : 0);
}

function wordsIn(said: readonly string[]): Words {
  const { guild, requests, report, base } = textOptions(said, {
    guild: "",
    requests: String(REQUESTS_MAX),
    report: "verify.md",
    base: DISCORD,
  });
  if (!/^\d{16,20}$/.test(guild)) {
    throw new Error(
      `Cannot read --guild ${
        JSON.stringify(guild)
      }: want the id of a guild of your own`,
    );
  }
  const requestsMax = Number(requests);
  const isCount = /^\d{1,3}$/.test(requests) && requestsMax <= REQUESTS_MAX &&
    requestsMax > TIDY_REQUESTS;
  if (!isCount) {
    throw new Error(
      `Cannot read --requests ${JSON.stringify(requests)}: want ${
        TIDY_REQUESTS + 1
      } to ${REQUESTS_MAX}`,
    );
  }
  return { guild, requestsMax, report, base };
}

function tokenIn(given: string): string {
  const token = discordTokenIn(given.trim());
  if (token === undefined) {
    throw new Error("DISCORD_TOKEN is not set to a bot's token");
  }
  return token;
}

/** The same programme in a world of the simulator's default rules. */
async function simulate(ground: Ground): Promise<Findings> {
  await using sim = await startSim();
  return await visit(sim.url, "x.y.z", REQUESTS_MAX, ground);
}

function visit(
  baseUrl: string,
  token: string,
  requestsMax: number,
  ground: Ground,
): Promise<Findings> {
  const kept = TIDY_REQUESTS;
  const visitor = new Visit({ baseUrl, token, requestsMax, kept });
  return runProgramme(visitor, ground);
}
