/**
 * `deno task bench:store`: what the journal's stores cost, beside a store in
 * memory under the same load; what a large body blocks; and how long a journal
 * of 100,000 rows takes to open.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { cpuUsage } from "../deps.ts";
import type { JournalRow, JournalStore } from "../rest/domain/journal_store.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../rest/journal/store/memory_store.ts";
import { openSqliteStore } from "../rest/journal/store/open_sqlite_store.ts";
import { sealedStore } from "../rest/journal/store/sealed_store.ts";

const SECONDS = 6;
const RATES = [50, 1_000] as const;
const BODY = new Uint8Array(500).fill(120);
const LARGE_BODY = new Uint8Array(25 * 1024 * 1024).fill(120);
const ROWS = 100_000;
const SCOPE = "1400000000000000001";
const KEY = new Uint8Array(32).fill(1);
const HOUR_MS = 3_600_000;

/** As long as Discord takes to answer. */
const ANSWER_MS = 100;
/** Ended requests that are kept for whoever asks. */
const KEPT = 500;

/** Heads as the driver writes them: some 300 bytes. */
const HEAD = JSON.stringify({
  method: "POST",
  target: "/api/v10/channels/1400000000000000002/messages",
  headers: [["content-type", "application/json"]],
  key: "main",
  client: "shard-1",
  acceptedWallMs: 1_790_000_000_000,
  expiresWallMs: 1_790_000_240_000,
  fingerprint: "0123456789abcdef0123456789abcdef0123456789abcdef",
});

/** As of an answer of Discord's: some 700 bytes. */
const ANSWER_HEAD = JSON.stringify({
  answer: 200,
  headers: Array.from(
    { length: 12 },
    (_, at) => [`x-header-${at}`, "0123456789abcdef0123456789abcdef"],
  ),
  hasBody: true,
});

interface Subject {
  readonly name: string;
  readonly open: (path: string) => Promise<JournalStore>;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: "memory",
    open: () =>
      Promise.resolve(createMemoryStore(new MemoryJournal(), Date.now)),
  },
  { name: "process", open: (path) => openSqlite(path, "process") },
  { name: "machine", open: (path) => openSqlite(path, "machine") },
  {
    name: "process, key",
    open: async (path) => sealedStore(await openSqlite(path, "process"), KEY),
  },
];

async function openSqlite(
  path: string,
  sync: "process" | "machine",
): Promise<JournalStore> {
  const limitBytes = 4 * 1024 * 1024 * 1024;
  const options = { path, sync, limitBytes, isReset: false, wallMs: Date.now };
  return (await openSqliteStore(options)).store;
}

let paths = 0;
const folder = await Deno.makeTempDir();
// Code that has run once is compiled.
for (const subject of SUBJECTS) await load(subject, 500, 2);
console.log(
  "| requests/s | store | p50 ms | p99 ms | CPU us | blocked p99 ms |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
for (const rate of RATES) {
  for (const subject of SUBJECTS) {
    const { tookMs, blockedMs, cpuUs } = await load(subject, rate, SECONDS);
    const cells = [
      ...[at(tookMs, 0.5), at(tookMs, 0.99)].map((ms) => ms.toFixed(2)),
      cpuUs.toFixed(0),
      at(blockedMs, 0.99).toFixed(2),
    ];
    console.log(`| ${rate} | ${subject.name} | ${cells.join(" | ")} |`);
  }
}
for (const subject of SUBJECTS) await large(subject);
for (const subject of SUBJECTS.slice(1)) await reopen(subject);
await Deno.remove(folder, { recursive: true });

function newPath(): string {
  return `${folder}/${++paths}/journal.db`;
}

interface Cost {
  /** How long accepting took, until it lasts. */
  readonly tookMs: readonly number[];
  /** How long the event loop was kept from a timer that was due. */
  readonly blockedMs: readonly number[];
  /** Processor time of a request: accepted, sent, ended, forgotten. */
  readonly cpuUs: number;
}

async function load(
  { open }: Subject,
  rate: number,
  seconds: number,
): Promise<Cost> {
  const store = await open(newPath());
  await store.claimEpoch(SCOPE);
  const tookMs: number[] = [];
  const pending: Promise<void>[] = [];
  const blocked = watchLoop();
  const cpuBefore = cpuMs();
  const startMs = performance.now();
  const total = rate * seconds;
  for (let sent = 0; sent < total; sent++) {
    const dueMs = startMs + sent * 1_000 / rate;
    while (performance.now() < dueMs) await afterMs(dueMs - performance.now());
    pending.push(live(store, sent, tookMs));
  }
  await Promise.all(pending);
  const cpuUs = (cpuMs() - cpuBefore) * 1_000 / total;
  const blockedMs = blocked.stop();
  await store.close();
  return { tookMs, blockedMs, cpuUs };
}

/** One request: a row already marked, its end, and the end of its keeping. */
async function live(
  store: JournalStore,
  number: number,
  tookMs: number[],
): Promise<void> {
  const startMs = performance.now();
  await store.append([{ kind: "put", row: rowOf(number, BODY) }]);
  tookMs.push(performance.now() - startMs);
  await afterMs(ANSWER_MS);
  const outcome = { head: '{"status":200}', body: BODY };
  const untilWallMs = Date.now() + HOUR_MS;
  await store.append([
    { kind: "end", scope: SCOPE, id: idOf(number), outcome, untilWallMs },
    { kind: "delete", scope: SCOPE, id: idOf(number - KEPT) },
  ]);
}

/** How long the longest block is while a large body is written, and how long that takes. */
async function large({ name, open }: Subject): Promise<void> {
  const store = await open(newPath());
  await store.claimEpoch(SCOPE);
  await store.append([{ kind: "put", row: rowOf(0, LARGE_BODY) }]);
  const blocked = watchLoop();
  const startMs = performance.now();
  await store.append([{ kind: "put", row: rowOf(1, LARGE_BODY) }]);
  const tookMs = performance.now() - startMs;
  await afterMs(5);
  const longestMs = Math.max(...blocked.stop());
  await store.close();
  console.log(
    `A body of 25 MiB in ${name}: ${
      tookMs.toFixed(0)
    } ms, the event loop blocked for at most ${longestMs.toFixed(1)} ms`,
  );
}

async function reopen({ name, open }: Subject): Promise<void> {
  const path = newPath();
  const store = await open(path);
  await store.claimEpoch(SCOPE);
  for (let from = 0; from < ROWS; from += 500) {
    const changes = Array.from({ length: 500 }, (_, at) => ({
      kind: "put" as const,
      row: leftRowOf(from + at),
    }));
    await store.append(changes);
  }
  await store.close();
  const startMs = performance.now();
  const again = await open(path);
  let rows = 0;
  let waitingMs = 0;
  for await (const { state } of again.load()) {
    rows++;
    if (state !== "ended") waitingMs = performance.now() - startMs;
  }
  const tookMs = performance.now() - startMs;
  await again.close();
  console.log(
    `${rows} rows in ${name}: opened, and what waits read, in ` +
      `${waitingMs.toFixed(0)} ms, everything in ${tookMs.toFixed(0)} ms`,
  );
}

/** One in a hundred waits; the others have an outcome that is kept. */
function leftRowOf(number: number): JournalRow {
  const row = rowOf(number, BODY);
  if (number % 100 === 0) return row;
  const outcome = { head: ANSWER_HEAD, body: BODY };
  const untilWallMs = Date.now() + HOUR_MS;
  return { ...row, state: "ended", body: undefined, outcome, untilWallMs };
}

/** Measures by how much a timer of a millisecond is late. */
function watchLoop(): { stop(): readonly number[] } {
  const late: number[] = [];
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    late.push(Math.max(0, nowMs - lastMs - 1));
    lastMs = nowMs;
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return late;
    },
  };
}

function rowOf(number: number, body: Uint8Array<ArrayBuffer>): JournalRow {
  return {
    id: idOf(number),
    scope: SCOPE,
    kind: "request",
    state: "sent",
    head: HEAD,
    body,
    outcome: undefined,
    untilWallMs: undefined,
  };
}

function idOf(number: number): string {
  return `m1abcdefg-${number.toString(36).padStart(8, "0")}`;
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length * share)] ?? NaN;
}

function cpuMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1_000;
}

function afterMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
