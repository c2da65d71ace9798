import type { Auditor, ReceivedRequest } from "./auditor.ts";
import type { ScriptedFault } from "./model/fault.ts";
import type { ModelSettings } from "./model/settings.ts";
import type { SimChange } from "./options.ts";

/** A running simulated Discord. */
export interface Sim extends AsyncDisposable {
  /** Ends in `/api`: the value of a base URL. */
  readonly url: string;
  readonly port: number;
  readonly audit: Auditor;
  /** What arrived, in the order it was judged. */
  readonly requests: () => readonly ReceivedRequest[];
  /** The rules, faults and answers in force. */
  readonly settings: () => ModelSettings;
  /** Changes options while it runs; what was counted stays. */
  readonly set: (change: SimChange) => void;
  /** Prepares a fault for the next requests that match. */
  readonly script: (fault: ScriptedFault) => void;
  /** Forgets everything: buckets, counts, records, ids; options stay, `change` on top. */
  readonly reset: (change?: SimChange) => void;
  readonly close: () => Promise<void>;
}
