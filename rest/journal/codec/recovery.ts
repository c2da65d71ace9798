import type { RowState } from "../../domain/journal_store.ts";

/**
 * What becomes of a request of the process before this one: one table, read
 * from top to bottom, in which the first row that fits decides.
 */

/** What is known of a request when it is found in the journal. */
export interface RowFacts {
  readonly state: RowState;
  /** Doing it twice is the same as doing it once: GET, PUT, DELETE. */
  readonly isRepeatable: boolean;
  /** Discord would recognise it: a message with `nonce` and `enforce_nonce`, sent a short while ago. */
  readonly isRecognised: boolean;
  /** Its deadline or longest wait has passed, or Discord would take it no more. */
  readonly isExpired: boolean;
  /** Whoever it is for is still configured. */
  readonly isIdentityKnown: boolean;
  /** Only its name was written down. */
  readonly isNameOnly: boolean;
  /** The last marks before the end may be missing: the machine went down under a journal that survives processes only. */
  readonly mayLackMarks: boolean;
}

/** What becomes of it. */
export type Recovery =
  /** It has an outcome, which waits for whoever asks. */
  | "kept"
  /** It is queued, in its old place. */
  | "again"
  /** Nobody can know what became of it: `outcome_unknown`. */
  | "unknown"
  /** It has waited too long. `sent: false` where it certainly was not sent, else `null`. */
  | "expired"
  /** What it said is gone with the process: not sent, and to be asked for anew. */
  | "forgotten"
  /** Nobody is configured to send it for; `sent` likewise. */
  | "nobody";

interface Rule extends Partial<RowFacts> {
  readonly becomes: Recovery;
}

/** The rules; a member that a rule leaves out does not matter to it. */
const RECOVERY_RULES: readonly Rule[] = [
  { state: "ended", becomes: "kept" },
  // Certainly not sent.
  {
    state: "queued",
    mayLackMarks: false,
    isNameOnly: true,
    becomes: "forgotten",
  },
  {
    state: "queued",
    mayLackMarks: false,
    isIdentityKnown: false,
    becomes: "nobody",
  },
  {
    state: "queued",
    mayLackMarks: false,
    isExpired: true,
    becomes: "expired",
  },
  { state: "queued", mayLackMarks: false, becomes: "again" },
  // Perhaps sent. What cannot be sent again, nobody can know of.
  { isNameOnly: true, becomes: "unknown" },
  { isIdentityKnown: false, becomes: "unknown" },
  { isRepeatable: true, isExpired: true, becomes: "expired" },
  { isRepeatable: true, becomes: "again" },
  { isRecognised: true, isExpired: false, becomes: "again" },
  { becomes: "unknown" },
];

/** Decides by the table. */
export function recoveryOf(facts: RowFacts): Recovery {
  const rule = RECOVERY_RULES.find((rule) => fits(rule, facts));
  return rule?.becomes ?? "unknown";
}

/** Whether a request may have been sent, as far as its row tells. */
export function mayHaveBeenSent(
  { state, mayLackMarks }: Pick<RowFacts, "state" | "mayLackMarks">,
): boolean {
  return state !== "queued" || mayLackMarks;
}

function fits({ becomes: _, ...wanted }: Rule, facts: RowFacts): boolean {
  return Object.entries(wanted).every(([name, value]) =>
    facts[name as keyof RowFacts] === value
  );
}
