import { type Sim, startSim } from "../../sim/server.ts";
import { type Child, startProxyChild } from "../soak/child.ts";
import { type AttackResult, carryOut, planAttack } from "./attack.ts";
import type { Secrets } from "./corpus.ts";
import { secretIn, upstreamProblemOf } from "./rules.ts";

/** Secrets that are good only for the proxy started here. */
export const SECRETS: Secrets = {
  key: "fuzz-key-0123456789abcdefghijklmnop",
  token: "MTIzNDU2Nzg5MDEyMzQ1Njc4.fuzzed.not-a-real-token-of-anyone",
};

/** What is under attack: the proxy in a process of its own, the simulated Discord in ours. */
export interface Target extends AsyncDisposable {
  readonly proxy: Child;
  readonly sim: Sim;
  /** Faults of its own that the proxy has logged. */
  readonly confessions: readonly string[];
}

/** With these settings no limit binds, nothing waits for long, and every transport is open. */
const ENV = {
  REST_GLOBAL_LIMIT: "10000",
  REST_INVALID_LIMIT: "10000",
  REST_MAX_WAIT_MS: "1000",
  REST_KEY_IN_PATH: "true",
  REST_OPEN_TOKEN_ROUTES: "true",
};

export async function startTarget(): Promise<Target> {
  const sim = await startSim({
    keepBodyBytes: 0,
    globalLimit: { limit: 100_000 },
    ipPool: { isOn: false },
    invalidRequests: { limit: 1_000_000 },
    rules: [{ match: "* *", headerless: true }],
  });
  const confessions: string[] = [];
  const proxy = await startProxyChild({
    env: {
      ...ENV,
      DISCORD_TOKEN: SECRETS.token,
      REST_AUTHORIZATION: SECRETS.key,
      REST_UPSTREAM: sim.url,
      // A crowd of the usual size is to be let in whole.
      REST_CONNECTION_LIMIT: "50000",
    },
    onLine(line) {
      const secret = secretIn(line, SECRETS);
      if (secret !== undefined) confessions.push(`its log tells ${secret}`);
      if (/\bbug\b|Fault of our own|"level":"ERROR"/i.test(line)) {
        confessions.push(`its log says: ${line}`);
      }
    },
  });
  return {
    proxy,
    sim,
    confessions,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await sim.close();
    },
  };
}

/** What a campaign has done and found. */
export interface Progress {
  readonly seed: number;
  sent: number;
  connections: number;
  /** Responses by status; 0 counts connections that got none. */
  readonly statuses: Map<number, number>;
  /** How many requests reached the simulated Discord. */
  reached: number;
}

/** The rule that was broken, and how to see it again. */
export interface Finding {
  readonly problem: string;
  /** Undefined when no single connection shows it. */
  readonly connection: number | undefined;
}

/** The requests that reached upstream are checked each time this many connections are done. */
const LOOK_EVERY = 500;

/** Sends `count` requests over several connections at a time; stops at the first broken rule. */
export async function campaign(
  target: Target,
  progress: Progress,
  count: number,
  abreast: number,
): Promise<Finding | undefined> {
  let finding: Finding | undefined;
  const port = Number(target.proxy.url.port);
  async function work(): Promise<void> {
    while (progress.sent < count && finding === undefined) {
      const connection = progress.connections++;
      const attack = planAttack(progress.seed, connection, SECRETS);
      progress.sent += attack.requests;
      const result = await carryOut(attack, port, SECRETS).catch(unreachable);
      note(result, progress);
      if (result.problem !== undefined) {
        finding ??= { problem: result.problem, connection };
      }
      if (connection % LOOK_EVERY === 0) finding ??= look(target, progress);
    }
  }
  await Promise.all(Array.from({ length: abreast }, work));
  return finding ?? look(target, progress);
}

function unreachable(error: unknown): AttackResult {
  return { statuses: [], problem: `the proxy cannot be reached: ${error}` };
}

function note({ statuses }: AttackResult, progress: Progress): void {
  for (const status of statuses.length === 0 ? [0] : statuses) {
    progress.statuses.set(status, (progress.statuses.get(status) ?? 0) + 1);
  }
}

/** Checks what no single connection shows: the requests upstream, the log, and that the process lives. */
function look(target: Target, progress: Progress): Finding | undefined {
  const { sim, proxy, confessions } = target;
  const requests = sim.requests();
  const host = `127.0.0.1:${sim.port}`;
  progress.reached += requests.length;
  const problem = requests.map((each) => upstreamProblemOf(each, host, SECRETS))
    .find((each) => each !== undefined);
  sim.reset();
  const found = proxy.hasEnded
    ? `the proxy ended: ${proxy.lastLines.join("\n")}`
    : problem === undefined
    ? confessions[0]
    : `upstream saw ${problem}`;
  return found === undefined
    ? undefined
    : { problem: found, connection: undefined };
}
