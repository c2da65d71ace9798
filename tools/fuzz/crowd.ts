import type { Child } from "../soak/child.ts";
import {
  type ProcessFacts,
  processFacts,
  settledFacts,
} from "../soak/process_facts.ts";
import { HANDLES_SLACK } from "../soak/verdict.ts";

/** What the proxy looked like before, during and after a crowd of connections. */
export interface CrowdReport {
  /** Connections that could be opened; fewer than asked for where a process may have no more files. */
  readonly opened: number;
  /** How long a good request took in the midst of them. */
  readonly answeredMs: number;
  readonly status: number;
  readonly before: ProcessFacts;
  readonly during: ProcessFacts;
  readonly after: ProcessFacts;
}

/** Opened at a time: a listener's backlog holds 128 or more. */
const ABREAST = 100;

/** A proxy that lives answers in a fraction of it, whatever the crowd. */
const HEALTH_MS_MAX = 10_000;

/** Opens connections that say nothing, half a head or half a body, and leaves again. */
export async function bringCrowd(
  proxy: Child,
  count: number,
  key: string,
): Promise<CrowdReport> {
  const before = await processFacts(proxy.pid);
  const crowd: Deno.TcpConn[] = [];
  const beginnings = beginningsOf(key);
  const port = Number(proxy.url.port);
  try {
    while (crowd.length < count) {
      const some = Math.min(ABREAST, count - crowd.length);
      const opened = await Promise.allSettled(
        Array.from(
          { length: some },
          (_, n) => begin(port, beginnings[n % beginnings.length]),
        ),
      );
      const kept = opened.flatMap((each) =>
        each.status === "fulfilled" ? [each.value] : []
      );
      crowd.push(...kept);
      if (kept.length < some) break;
    }
    const startedMs = performance.now();
    const status = await askHealth(proxy.url);
    const answeredMs = performance.now() - startedMs;
    const during = await processFacts(proxy.pid);
    const opened = crowd.length;
    for (const each of crowd.splice(0)) each.close();
    const after = await settledFacts(proxy.pid, before.handles + HANDLES_SLACK);
    return { opened, answeredMs, status, before, during, after };
  } finally {
    for (const each of crowd) each.close();
  }
}

/** Says in words what a crowd has harmed; undefined when it has harmed nothing. */
export function crowdProblemOf(report: CrowdReport): string | undefined {
  const { status, before, after } = report;
  if (status !== 200) return `a good request in a crowd got ${status}`;
  const kept = after.handles - before.handles;
  return kept <= HANDLES_SLACK
    ? undefined
    : `${kept} handles are left of a crowd that is gone`;
}

function beginningsOf(key: string): readonly (Uint8Array | undefined)[] {
  const head = "POST /api/v10/channels/1/messages HTTP/1.1\r\nHost: x\r\n";
  const texts = [
    head,
    `${head}Authorization: ${key}\r\nContent-Length: 1000\r\n\r\n{"content":`,
  ];
  return [undefined, ...texts.map((text) => new TextEncoder().encode(text))];
}

async function begin(
  port: number,
  bytes: Uint8Array | undefined,
): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  if (bytes !== undefined) await connection.write(bytes);
  return connection;
}

async function askHealth(url: URL): Promise<number> {
  const response = await fetch(new URL("/healthz", url), {
    headers: { connection: "close" },
    signal: AbortSignal.timeout(HEALTH_MS_MAX),
  });
  await response.body?.cancel();
  return response.status;
}
