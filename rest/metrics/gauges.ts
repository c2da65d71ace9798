import { Counter, Gauge, type Registry } from "../../deps.ts";
import { WAIT_REASONS } from "../domain/wait_reason.ts";
import { registerClusterGauges } from "./cluster_gauges.ts";
import type { Reading } from "./types.ts";

/** Gauges without labels: name, what it tells, and where it stands in a reading. */
const PLAIN: ReadonlyArray<
  readonly [string, string, (reading: Reading) => number]
> = [
  [
    "sluice_waiting_bytes",
    "Body bytes of waiting requests.",
    (r) => r.waitingBytes,
  ],
  [
    "sluice_longest_line_requests",
    "Requests that wait in the longest line.",
    (r) => r.longestLine,
  ],
  [
    "sluice_invalid_requests",
    "Answers 401, 403 and 429 of the last ten minutes, which Discord counts against the address.",
    (r) => r.invalid.count,
  ],
  [
    "sluice_invalid_requests_limit",
    "At so many the proxy stops sending (REST_INVALID_LIMIT).",
    (r) => r.invalid.ceiling,
  ],
  [
    "sluice_breaker_open",
    "1 while Cloudflare blocks the address.",
    (r) => r.breaker === "closed" ? 0 : 1,
  ],
  [
    "sluice_draining",
    "1 while the proxy takes nothing new.",
    (r) => r.isDraining ? 1 : 0,
  ],
  ["sluice_rep_sessions", "REP sessions.", (r) => r.rep.sessions],
  ["sluice_rep_connections", "REP connections.", (r) => r.rep.connections],
  [
    "sluice_rep_mailbox_replies",
    "Replies that wait for their REP client.",
    (r) => r.rep.mailboxReplies,
  ],
  [
    "sluice_journal_rows",
    "Rows in the journal: requests that are kept, outcomes, sessions.",
    (r) => r.journal?.rows ?? 0,
  ],
  [
    "sluice_journal_bytes",
    "Bytes that the journal takes.",
    (r) => r.journal?.bytes ?? 0,
  ],
  [
    "sluice_journal_failing",
    "1 while the journal does not take new promises.",
    (r) => r.journal?.isFailing === true ? 1 : 0,
  ],
  [
    "sluice_upstream_connections",
    "Open connections to Discord.",
    (r) => r.upstreamConnections,
  ],
  [
    "sluice_event_loop_lag_seconds",
    "The longest that the event loop was late within the last 15 s.",
    (r) => r.loopLagMs / 1_000,
  ],
  [
    "process_resident_memory_bytes",
    "Memory that the process holds.",
    (r) => r.memoryBytes,
  ],
  [
    "process_start_time_seconds",
    "When the process started, in seconds since 1970.",
    (r) => r.startedAtMs / 1_000,
  ],
];

/** Gauges of each bot. */
const BY_BOT: ReadonlyArray<
  readonly [
    string,
    string,
    (bot: Reading["bots"][number]) => number | undefined,
  ]
> = [
  ["sluice_waiting_requests", "Requests that wait.", (b) => b.waiting],
  [
    "sluice_in_flight_requests",
    "Requests that Discord has not answered.",
    (b) => b.inFlight,
  ],
  [
    "sluice_oldest_wait_seconds",
    "How long the first of those that wait has been here.",
    (b) => b.oldestWaitMs / 1_000,
  ],
  [
    "sluice_global_limit",
    "Requests a second that Discord allows the bot.",
    (b) => b.globalLimit,
  ],
  [
    "sluice_global_limit_used",
    "How many of those are spent now.",
    (b) => b.globalUsed,
  ],
  [
    "sluice_token_rejected",
    "1 while Discord rejects the bot's token.",
    (b) => b.isTokenRejected ? 1 : 0,
  ],
];

/** Registers gauges that are set from one reading whenever somebody scrapes. */
export function registerGauges(registry: Registry): (to: Reading) => void {
  const registers = [registry];
  const plain = PLAIN.map(([name, help, read]) => {
    const gauge = new Gauge({ name, help, registers });
    return (reading: Reading) => gauge.set(read(reading));
  });
  const byBot = BY_BOT.map(([name, help, read]) => {
    const gauge = new Gauge({ name, help, labelNames: ["bot"], registers });
    return (reading: Reading) => {
      gauge.reset();
      for (const bot of reading.bots) {
        const value = read(bot);
        if (value !== undefined) gauge.set({ bot: bot.bot }, value);
      }
    };
  });
  const others = [
    reasonsIn(registry),
    cpuIn(registry),
    buildIn(registry),
    registerClusterGauges(registry),
  ];
  const setters = [...plain, ...byBot, ...others];
  return (reading) => {
    for (const set of setters) set(reading);
  };
}

function reasonsIn(registry: Registry): (reading: Reading) => void {
  const gauge = new Gauge({
    name: "sluice_waiting_reason_requests",
    help: "Waiting requests by what they wait for.",
    labelNames: ["reason"],
    registers: [registry],
  });
  return ({ reasons }) => {
    for (const reason of WAIT_REASONS) {
      gauge.set({ reason }, reasons[reason] ?? 0);
    }
  };
}

function cpuIn(registry: Registry): (reading: Reading) => void {
  const counter = new Counter({
    name: "process_cpu_seconds_total",
    help: "Processor time that the process used.",
    registers: [registry],
  });
  let told = 0;
  return ({ cpuSeconds }) => {
    if (cpuSeconds <= told) return;
    counter.inc(cpuSeconds - told);
    told = cpuSeconds;
  };
}

function buildIn(registry: Registry): (reading: Reading) => void {
  const gauge = new Gauge({
    name: "sluice_build_info",
    help: "Always 1; its label tells the version.",
    labelNames: ["version"],
    registers: [registry],
  });
  return ({ version }) => gauge.set({ version }, 1);
}
