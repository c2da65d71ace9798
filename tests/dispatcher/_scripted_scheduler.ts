import assert from "node:assert/strict";
import type {
  Ask,
  Poll,
  Refused,
  Scheduler,
  Settlement,
  Terms,
  Verdict,
} from "../../rest/scheduler/types.ts";

/** A scheduler that does what the test says, and holds the dispatcher to its duties. */
export interface ScriptedScheduler extends Scheduler {
  /** While true nothing is leased. */
  isHeld: boolean;
  /** Verdict on a lease; a 429 and a retry wait again unless told otherwise. */
  verdictOf: (id: number, outcome: Settlement) => Verdict;
  /** What `enqueue` says; undefined takes everything. */
  turnAway: ((ask: Ask) => Refused | undefined) | undefined;
  /** Refuses a waiting request with the next poll. */
  refuse(id: number, refused: Refused): void;
  /** Asks for a token check with the next poll. */
  askForTokenCheck(identityId: string): void;
  warn(message: string): void;
  /** Asked for until it is past. */
  wakeAtMs: number | undefined;
  /** As `endAt` was told. */
  endsAtMs: number | undefined;
  readonly asks: Ask[];
  readonly settled: Array<
    { readonly id: number; readonly outcome: Settlement }
  >;
  readonly urged: Array<{ readonly id: number; readonly urgency: number }>;
  readonly renewed: Array<{ readonly id: number; readonly terms: Terms }>;
  readonly tokenResults: Array<
    { readonly identityId: string; readonly isRejected: boolean | undefined }
  >;
  readonly waitingIds: number[];
  readonly leasedIds: number[];
  polls: number;
}

export function createScriptedScheduler(): ScriptedScheduler {
  const waiting = new Map<number, number>();
  const leased = new Set<number>();
  let refusing: Array<{ id: number; refused: Refused }> = [];
  let checking: string[] = [];
  let warnings: string[] = [];

  const scheduler: ScriptedScheduler = {
    isHeld: false,
    verdictOf: (_id, outcome) =>
      outcome.kind === "retry" ||
        (outcome.kind === "answered" && outcome.report.status === 429)
        ? "again"
        : "done",
    turnAway: undefined,
    wakeAtMs: undefined,
    asks: [],
    settled: [],
    urged: [],
    renewed: [],
    tokenResults: [],
    polls: 0,
    health: () => ({ invalid: 0, blockedForMs: undefined }),
    heard: () => {},
    get waitingIds() {
      return [...waiting.keys()];
    },
    get leasedIds() {
      return [...leased];
    },
    refuse: (id, refused) => void refusing.push({ id, refused }),
    askForTokenCheck: (identityId) => void checking.push(identityId),
    warn: (message) => void warnings.push(message),

    endsAtMs: undefined,
    endAt(atMs) {
      scheduler.endsAtMs = atMs;
    },
    enqueue(ask, nowMs) {
      const refused = scheduler.turnAway?.(ask);
      if (refused !== undefined) return refused;
      assert.ok(!waiting.has(ask.id) && !leased.has(ask.id), "id used twice");
      scheduler.asks.push(ask);
      waiting.set(ask.id, nowMs);
      return undefined;
    },
    cancel(id) {
      if (waiting.delete(id)) return "cancelled";
      return leased.has(id) ? "leased" : "unknown";
    },
    renew: (id, terms) => void scheduler.renewed.push({ id, terms }),
    urge: (id, urgency) => void scheduler.urged.push({ id, urgency }),
    settle(id, outcome) {
      assert.ok(leased.delete(id), `lease ${id} settled twice or never given`);
      scheduler.settled.push({ id, outcome });
      const verdict = scheduler.verdictOf(id, outcome);
      if (verdict === "again") {
        waiting.set(id, outcome.kind === "retry" ? outcome.notBeforeMs : 0);
      }
      return verdict;
    },
    credentialChecked: (identityId, isRejected) =>
      void scheduler.tokenResults.push({ identityId, isRejected }),
    poll: (nowMs) => poll(nowMs),
    waitedFor: () => "bucket",
    waitingRequests: () => [],
    preview: () => undefined,
    pause: () => false,
    resume: () => false,
    setGlobalLimit: () => {},
    learnt: ({ wallMs: savedAtWallMs, isFinal }) => ({
      version: 1,
      savedAtWallMs,
      isFinal,
      hashes: [],
      routes: [],
      guilds: [],
      invalid: { all: [], keys: [] },
      rejections: [],
      identities: [],
    }),
    takeLearnt: () => {},
    snapshot: () => ({
      waiting: waiting.size,
      inFlight: leased.size,
      bytes: 0,
      oldestWaitMs: 0,
      reasons: {},
      callers: [],
      invalid: { count: 0, ceiling: 0 },
      breaker: { state: "closed", untilMs: undefined },
      identities: [],
      hashes: [],
      counters: [],
      lines: [],
    }),
  };

  function poll(nowMs: number): Poll {
    scheduler.polls++;
    const refused = refusing.filter(({ id }) => waiting.delete(id));
    refusing = [];
    const credentialChecks = checking;
    checking = [];
    const said = warnings;
    warnings = [];
    const isPast = (scheduler.wakeAtMs ?? 0) <= nowMs;
    let wakeAtMs = isPast ? undefined : scheduler.wakeAtMs;
    const leases: number[] = [];
    if (!scheduler.isHeld) {
      for (const [id, notBeforeMs] of waiting) {
        if (notBeforeMs <= nowMs) leases.push(id);
        else wakeAtMs = Math.min(wakeAtMs ?? Infinity, notBeforeMs);
      }
    }
    for (const id of leases) {
      waiting.delete(id);
      leased.add(id);
    }
    return { leases, refused, credentialChecks, warnings: said, wakeAtMs };
  }

  return scheduler;
}
