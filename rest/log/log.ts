import {
  ansiColorFormatter,
  defaultTextFormatter,
  jsonLinesFormatter,
  type LogRecord,
} from "../../deps.ts";
import type { LogFormat, LogLevelName } from "../config/settings.ts";
import { createLineWriter, type LineWriter } from "./line_writer.ts";

/** What a line carries for machines, by name. */
export type LogProperties = Readonly<Record<string, unknown>>;

/** What the process says to its operators. */
export interface Log {
  /** True when lines of this level are written: ask before building a costly one. */
  isOn(level: LogLevelName): boolean;
  /** One line; `properties` are for machines, the message alone must tell people. */
  write(
    level: LogLevelName,
    message: string,
    properties?: LogProperties,
  ): void;
}

const ORDER: readonly LogLevelName[] = ["debug", "info", "warn", "error"];

/** Lines of `level` and above, without their line feed, to `writeLine` (standard output unless given). */
export function createLog(
  level: LogLevelName,
  format: LogFormat,
  writeLine: (line: string) => void = stdoutLines().line,
): Log {
  const lowest = ORDER.indexOf(level);
  const toLine = lineMaker(format);
  const isOn = (asked: LogLevelName) => ORDER.indexOf(asked) >= lowest;
  return {
    isOn,
    write(level, message, properties = {}) {
      if (isOn(level)) writeLine(toLine(level, message, properties));
    },
  };
}

/** Settles when standard output has got all that was logged. */
export function flushLog(): Promise<void> {
  return stdoutWriter?.flush() ?? Promise.resolve();
}

let stdoutWriter: LineWriter | undefined;

/** One writer for the process: two would write into the middle of each other's lines. */
function stdoutLines(): LineWriter {
  stdoutWriter ??= createLineWriter(
    Deno.stdout,
    (lines) =>
      lineMaker("auto")(
        "warn",
        `${lines} log lines were dropped: they could not be written in time`,
        { lines },
      ),
  );
  return stdoutWriter;
}

function lineMaker(
  format: LogFormat,
): (level: LogLevelName, message: string, properties: LogProperties) => string {
  const isPretty = format === "pretty" ||
    (format === "auto" && Deno.stdout.isTerminal());
  const forPeople = Deno.noColor ? defaultTextFormatter : ansiColorFormatter;
  const formatter = isPretty ? forPeople : jsonLinesFormatter;
  return (level, message, properties) => {
    const record: LogRecord = {
      category: ["sluice"],
      level: level === "warn" ? "warning" : level,
      message: [message],
      rawMessage: message,
      timestamp: Date.now(),
      properties,
    };
    return formatter(record).trimEnd();
  };
}

const encoder = new TextEncoder();

/** Ends a process that cannot start: one line for each problem on standard error, and exit code 1. */
export function fail(problems: readonly string[]): never {
  Deno.stderr.writeSync(encoder.encode(problems.join("\n") + "\n"));
  Deno.exit(1);
}
