/** What passed since the last 429 of a counter, on Discord's clock. */
export interface Learning {
  /** The newest 429 was decided on then, and told to come back at `opensAtServerMs`. */
  deniedAtServerMs: number;
  opensAtServerMs: number;
  passed: number;
  /** When the first of those was decided on. */
  firstAtServerMs: number;
}
