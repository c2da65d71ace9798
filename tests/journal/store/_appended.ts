import assert from "node:assert/strict";
import type { JournalRow } from "../../../rest/domain/journal_store.ts";
import { openSqliteStore } from "../../../rest/journal/store/open_sqlite_store.ts";
import { denoCommand } from "../../../tools/deno_child.ts";
import { bodyOf, rowsOf } from "./_rows.ts";

/** The steps of a row's life, in order. */
const STEPS = ["none", "queued", "sent", "ended", "gone"] as const;

/** What a process of `_appender.ts` said. */
export interface Said {
  readonly lines: readonly string[];
  readonly isDone: boolean;
}

export interface AppenderOptions {
  readonly path: string;
  readonly sync?: "process" | "machine";
  /** Begins the ids of its rows. */
  readonly name: string;
  readonly rows: number;
  /** A program that runs it. */
  readonly through?: readonly string[];
  /** Signal 9 when it has said this much. */
  readonly killAfterLines?: number;
}

/** Runs a process of `_appender.ts` to its end, however it ends. */
export async function append(options: AppenderOptions): Promise<Said> {
  const { path, sync = "process", name, rows, through = [] } = options;
  const script = new URL("./_appender.ts", import.meta.url).pathname;
  await using child = denoCommand({
    args: ["run", "--no-prompt", "-A", script, path, sync, name, `${rows}`],
    through,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { killAfterLines = Infinity } = options;
  const lines: string[] = [];
  const text = child.stdout.pipeThrough(new TextDecoderStream());
  let rest = "";
  for await (const chunk of text) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    if (lines.length >= killAfterLines) kill(child);
  }
  await child.status;
  return { lines, isDone: lines.at(-1) === "done" };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Opens the journal and holds what is in it against what was said: everything acknowledged is there, nothing is half there. */
export async function assertKept(
  path: string,
  said: readonly Said[],
): Promise<void> {
  const { store } = await openSqliteStore({
    path,
    sync: "process",
    limitBytes: 1024 * 1024 * 1024,
    isReset: false,
    wallMs: Date.now,
    bootedAtWallMs: 0,
  });
  const rows = new Map((await rowsOf(store)).map((row) => [row.id, row]));
  await store.close();
  for (const row of rows.values()) assertWhole(row);
  const lives = livesIn(said.flatMap(({ lines }) => lines));
  for (const id of rows.keys()) assert.ok(lives.has(id), `${id} was never put`);
  for (const [id, { tried, made }] of lives) {
    const state = rows.get(id)?.state ?? (tried === 4 ? "gone" : "none");
    const found = STEPS.indexOf(state);
    // A row that is not there was never put, or is gone.
    const isNeverPut = found === 4 && made === 0;
    assert.ok(
      isNeverPut || (found >= made && found <= tried),
      `${id} is ${state}: acknowledged ${STEPS[made]}, tried ${STEPS[tried]}`,
    );
  }
}

interface Life {
  /** The last step that was begun, and the last that was acknowledged. */
  tried: number;
  made: number;
}

function livesIn(lines: readonly string[]): ReadonlyMap<string, Life> {
  const lives = new Map<string, Life>();
  for (const line of lines) {
    const [word, step = "", id = ""] = line.split(" ");
    const at = STEPS.findIndex((name) => name === step);
    if (at < 0) continue;
    const life = lives.get(id) ?? { tried: 0, made: 0 };
    lives.set(id, life);
    if (word === "try") life.tried = at;
    else if (word === "ok") life.made = at;
    // What there was no room for is certainly not made.
    else if (word === "journal_full") life.tried = life.made;
  }
  return lives;
}

function assertWhole({ id, state, body, outcome }: JournalRow): void {
  const expected = bodyOf(id);
  const isEnded = state === "ended";
  assert.deepEqual(isEnded ? outcome?.body : body, expected);
  assert.equal(isEnded ? body : outcome, undefined);
  if (isEnded) assert.equal(outcome?.head, JSON.stringify(id));
}
