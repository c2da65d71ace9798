import type { Fact, FactSink } from "../domain/fact.ts";
import type { LogFormat, LogLevelName } from "../config/settings.ts";
import { createLog, type Log } from "./log.ts";

/** Turns facts into log lines: requests at `debug`, refusals and 429s at `warn`. */
export function createFactLog(
  level: LogLevelName,
  format: LogFormat,
  writeLine?: (line: string) => void,
): FactSink {
  const log = createLog(level, format, writeLine);
  const isDebug = log.isOn("debug");
  return (fact) => {
    // What happens with every request must cost nothing unless it is wanted.
    if (fact.kind === "queued" || fact.kind === "leased") return;
    if (fact.kind === "answered" && !isDebug) return;
    writeFact(log, fact);
  };
}

function writeFact(log: Log, fact: Fact): void {
  switch (fact.kind) {
    case "answered":
      return writeAnswered(log, fact);
    case "rate_limited": {
      const { label, scope, retryAfterMs } = fact;
      const wait = retryAfterMs === undefined
        ? "no time given"
        : `retry after ${Math.round(retryAfterMs)} ms`;
      return log.write(
        "warn",
        `${label}: Discord answered 429, scope ${scope}, ${wait}`,
        {
          event: "rate_limited",
          route: label,
          scope,
          retryAfterMs,
        },
      );
    }
    case "refused": {
      const { code, label, caller, detail } = fact;
      const why = detail === undefined ? "" : ` (${detail})`;
      return log.write(
        "warn",
        `${label}: refused with ${code}${why} for ${printable(caller)}`,
        {
          event: "refused",
          code,
          route: label,
          caller,
          ...(detail !== undefined && { detail }),
        },
      );
    }
    case "minute": {
      const { kind: event, ...figures } = fact;
      return log.write("info", minuteText(fact), { event, ...figures });
    }
    case "audit": {
      const { kind: event, ...about } = fact;
      return log.write("warn", auditText(fact), { event, ...about });
    }
    case "global_limit": {
      const { bot, limit } = fact;
      const text = `Bot ${bot} may send ${limit} requests a second`;
      return log.write("info", text, { event: "global_limit", bot, limit });
    }
    case "cluster": {
      const { kind: event, ...about } = fact;
      const isWell = !fact.isStoreAway && fact.silent === 0;
      const level = isWell ? "info" : "warn";
      return log.write(level, clusterText(fact), { event, ...about });
    }
    case "warning":
      return log.write("warn", fact.message, { event: "warning" });
    default:
      return;
  }
}

function writeAnswered(
  log: Log,
  fact: Extract<Fact, { kind: "answered" }>,
): void {
  const { label, status, caller, attempts, waitReason } = fact;
  const waitMs = Math.round(fact.waitMs);
  const sendMs = Math.round(fact.sendMs);
  const tries = attempts > 1 ? `, ${attempts} attempts` : "";
  const reason = waitReason === undefined ? "" : ` for ${waitReason}`;
  const about = `waited ${waitMs} ms${reason}, sent ${sendMs} ms${tries}`;
  return log.write("debug", `${label}: ${status}, ${about}`, {
    event: "answered",
    route: label,
    status,
    waitMs,
    waitReason,
    sendMs,
    attempts,
    caller,
  });
}

function auditText(fact: Extract<Fact, { kind: "audit" }>): string {
  const { keyName, address, action, about, isDone } = fact;
  const end = isDone ? "" : ", in vain";
  return `Operator ${keyName} from ${address}: ${action}, ${about}${end}`;
}

function minuteText(fact: Extract<Fact, { kind: "minute" }>): string {
  const { sent, refused, limited, waiting } = fact;
  const times = fact.discordP95Ms === undefined
    ? ""
    : `, queue p95 ${secondsOf(fact.queueP95Ms)}, ` +
      `Discord p95 ${secondsOf(fact.discordP95Ms)}`;
  const queue = waiting === 0
    ? ""
    : `, oldest for ${secondsOf(fact.oldestWaitMs)}`;
  return `The last minute: ${sent} sent, ${refused} refused, ` +
    `${limited} 429s${times}; ${waiting} waiting${queue}`;
}

function clusterText(fact: Extract<Fact, { kind: "cluster" }>): string {
  const { owned, scopes, peers, silent, isStoreAway } = fact;
  const store = isStoreAway ? "Redis does not answer; this" : "This";
  const proxies = peers === 1 ? "1 other proxy" : `${peers} other proxies`;
  const some = silent === 0 ? "" : `, ${silent} of which cannot be reached`;
  return `${store} proxy sends for ${owned} of ${scopes} scopes, beside ${proxies}${some}`;
}

function secondsOf(ms = 0): string {
  return `${(ms / 1_000).toFixed(ms < 1_000 ? 3 : 1)} s`;
}

/** A caller names itself: its name must not be able to write lines or colours of its own. */
function printable(text: string): string {
  return /^[!-~]*$/.test(text) ? text : JSON.stringify(text);
}
