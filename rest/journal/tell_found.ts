import type { Recovery } from "./codec/recovery.ts";
import type { FoundJournal } from "./read_journal.ts";

/** One sentence on what a process found in its journal. */
export function tellFound(
  parts: readonly FoundJournal[],
  unknown: number,
): string {
  const sum = (count: (found: FoundJournal) => number) =>
    parts.reduce((all, part) => all + count(part), 0);
  const count = (becomes: Recovery) =>
    sum(({ entries }) =>
      entries.filter(({ recovery }) => recovery === becomes).length
    );
  const said = [
    some(count("again"), "request goes on", "requests go on"),
    some(
      unknown,
      "outcome is unknown (GET /_rep/unknown lists it)",
      "outcomes are unknown (GET /_rep/unknown lists them)",
    ),
    some(
      count("expired"),
      "request waited too long",
      "requests waited too long",
    ),
    some(
      count("forgotten"),
      "request was in memory only",
      "requests were in memory only",
    ),
    some(
      count("nobody"),
      "request is for a bot that is not configured any more",
      "requests are for bots that are not configured any more",
    ),
    some(count("kept"), "outcome is kept", "outcomes are kept"),
    some(sum(({ sessions }) => sessions.length), "session", "sessions"),
    some(
      sum(({ unreadable }) => unreadable.length),
      "row cannot be read and is left alone",
      "rows cannot be read and are left alone",
    ),
  ].filter((part) => part !== "");
  return said.length === 0
    ? "The journal is empty"
    : `From the journal: ${said.join(", ")}`;
}

function some(count: number, one: string, many: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? one : many}`;
}
