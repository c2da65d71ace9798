import type { Proxy } from "../rest/proxy.ts";

/** One kind of call the demo makes, and how often. */
export interface DemoCall {
  readonly name: string;
  readonly method: string;
  /** `n` counts from 0 within the kind. */
  readonly path: (n: number) => string;
  readonly body?: (n: number) => unknown;
  readonly count: number;
}

/** A short working day of a small bot: everything at once, far more than any limit takes. */
export const DEMO_CALLS: readonly DemoCall[] = [
  {
    name: "messages, 3 channels",
    method: "POST",
    path: (n) => `/channels/${id(80, n % 3)}/messages`,
    body: (n) => ({ content: `message ${Math.floor(n / 3)}` }),
    count: 36,
  },
  {
    name: "reads of 120 channels",
    method: "GET",
    path: (n) => `/channels/${id(81, n)}`,
    count: 120,
  },
  {
    name: "reactions, 1 channel",
    method: "PUT",
    path: (n) =>
      `/channels/80000000000000000/messages/${id(82, n)}` +
      "/reactions/%F0%9F%91%8D/@me",
    count: 16,
  },
  {
    name: "role changes, 1 guild",
    method: "PUT",
    path: (n) =>
      `/guilds/83000000000000000/members/${id(84, n)}` +
      "/roles/85000000000000000",
    count: 10,
  },
  {
    name: "interaction callbacks",
    method: "POST",
    path: (n) => `/interactions/${id(86, n)}/aW50ZXJhY3Rpb246demo${n}/callback`,
    body: () => ({ type: 5 }),
    count: 40,
  },
];

/** A snowflake: larger than a number can count, so it is text. */
function id(kind: number, n: number): string {
  return `${kind}${String(n).padStart(15, "0")}`;
}

/** What came of one kind so far. */
export interface DemoRow {
  readonly call: DemoCall;
  answered: number;
  failed: number;
  lastMs: number;
}

/** Fires every call at once at `baseUrl`; rows fill as answers come. */
export function runDemoLoad(
  baseUrl: string,
  key: string,
): { readonly rows: readonly DemoRow[]; readonly finished: Promise<void> } {
  const startedMs = performance.now();
  const rows = DEMO_CALLS.map((call): DemoRow => ({
    call,
    answered: 0,
    failed: 0,
    lastMs: 0,
  }));
  const calls = rows.flatMap((row) =>
    Array.from({ length: row.call.count }, async (_, n) => {
      const isFine = await callOnce(row.call, n, baseUrl, key);
      if (isFine) row.answered++;
      else row.failed++;
      row.lastMs = performance.now() - startedMs;
    })
  );
  return { rows, finished: Promise.all(calls).then(() => {}) };
}

/** One message to one of the channels that nothing else of the demo uses. */
export async function callChannel(
  baseUrl: string,
  key: string,
  n: number,
  channel: number,
): Promise<void> {
  const call: DemoCall = {
    name: "flood",
    method: "POST",
    path: () => `/channels/${id(88, channel)}/messages`,
    body: () => ({ content: `message ${n}` }),
    count: 1,
  };
  // Whoever presses a button wants to see refusals, too, but on the page.
  await callOnce(call, n, baseUrl, key).catch(() => undefined);
}

async function callOnce(
  call: DemoCall,
  n: number,
  baseUrl: string,
  key: string,
): Promise<boolean> {
  const body = call.body?.(n);
  const response = await fetch(baseUrl + call.path(n), {
    method: call.method,
    headers: {
      "x-rest-authorization": key,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.ok;
}

/** Seven seconds look slow to whoever does not know what they are waited for. */
const WHOSE_TIMES =
  "(Discord's limits set these times: sooner would be a 429.)";

/** The table as lines of text. */
export function demoTable(
  rows: readonly DemoRow[],
  proxy: Pick<Proxy, "snapshot">,
  limited: number,
): string[] {
  const { waiting, inFlight } = proxy.snapshot();
  const header = line("call", "asked", "answered", "failed", "last after");
  const body = rows.map(({ call, answered, failed, lastMs }) =>
    line(
      call.name,
      String(call.count),
      String(answered),
      String(failed),
      lastMs === 0 ? "" : `${(lastMs / 1_000).toFixed(1)} s`,
    )
  );
  const total = `waiting ${waiting}, in flight ${inFlight}, ` +
    `429s from Discord ${limited}`;
  return [header, ...body, total, WHOSE_TIMES];
}

function line(name: string, ...cells: string[]): string {
  return name.padEnd(24) + cells.map((cell) => cell.padStart(11)).join("");
}
