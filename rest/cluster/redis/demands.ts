import { RedisFailure, type RedisLink } from "./link.ts";

/** What is demanded of Redis, as sentences for people. */
export interface Verdict {
  /** With one of these the proxy does not start. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Scripts as of ours, and what they may call, are the same from here on. */
const REDIS_MIN = 7;
const VALKEY_MIN = 8;

/** Asks Redis what it is and how it is set up. `place` is its host and port. */
export async function checkRedis(
  link: RedisLink,
  place: string,
): Promise<Verdict> {
  try {
    const info = String(await link.call(["INFO"]));
    const appendfsync = await configOf(link, "appendfsync");
    return verdictOn(info, appendfsync, place);
  } catch (error) {
    return { problems: [unreachable(error, place)], notes: [] };
  }
}

/** What an `INFO` says of the demands; `appendfsync` is undefined where CONFIG is forbidden. */
export function verdictOn(
  info: string,
  appendfsync: string | undefined,
  place: string,
): Verdict {
  const told = new Map(
    info.split("\r\n").map((line) => {
      const [name = "", ...rest] = line.split(":");
      return [name, rest.join(":")];
    }),
  );
  const problems = [
    ...versionProblem(told, place),
    ...policyProblem(told, place),
    ...roleProblem(told, place),
  ];
  return { problems, notes: notesOn(told, appendfsync, place) };
}

function versionProblem(told: Map<string, string>, place: string): string[] {
  const valkey = told.get("valkey_version");
  const [name, version, min] = valkey === undefined
    ? ["Redis", told.get("redis_version") ?? "unknown", REDIS_MIN] as const
    : ["Valkey", valkey, VALKEY_MIN] as const;
  if (Number.parseInt(version) >= min) return [];
  return [
    `REST_REDIS_URL leads to ${name} ${version} at ${place}: want Redis ${REDIS_MIN} or Valkey ${VALKEY_MIN}, or later`,
  ];
}

function policyProblem(told: Map<string, string>, place: string): string[] {
  const policy = told.get("maxmemory_policy") ?? "noeviction";
  if (policy === "noeviction") return [];
  return [
    `The Redis at ${place} has maxmemory-policy ${policy}: want noeviction, since it would throw away who may send`,
  ];
}

function roleProblem(told: Map<string, string>, place: string): string[] {
  if (told.get("cluster_enabled") === "1") {
    return [
      `The Redis at ${place} is part of a Redis Cluster: want a single one`,
    ];
  }
  if ((told.get("role") ?? "master") === "master") return [];
  return [
    `The Redis at ${place} is a replica: want the one that is written to`,
  ];
}

function notesOn(
  told: Map<string, string>,
  appendfsync: string | undefined,
  place: string,
): string[] {
  const notes: string[] = [];
  const isAppending = told.get("aof_enabled") === "1";
  if (!isAppending) {
    notes.push(
      `The Redis at ${place} has appendonly no: what was accepted is lost when it ends`,
    );
  } else if (appendfsync === undefined) {
    notes.push(
      `The Redis at ${place} forbids CONFIG GET: whether appendfsync is always cannot be seen; with less, what was accepted may be lost when its machine fails`,
    );
  } else if (appendfsync !== "always") {
    notes.push(
      `The Redis at ${place} has appendfsync ${appendfsync}: what was accepted within the last second may be lost when its machine fails; want always`,
    );
  }
  return notes;
}

async function configOf(
  link: RedisLink,
  name: string,
): Promise<string | undefined> {
  try {
    const reply = await link.call(["CONFIG", "GET", name]);
    if (Array.isArray(reply)) return String(reply[1]);
    // Newer protocols give a map.
    const told = Object(reply)[name];
    return told === undefined ? undefined : String(told);
  } catch {
    return undefined;
  }
}

function unreachable(error: unknown, place: string): string {
  const why = error instanceof RedisFailure ? error.message : "no connection";
  return `REST_REDIS_URL cannot be used: the Redis at ${place} says ${
    JSON.stringify(why)
  }`;
}
