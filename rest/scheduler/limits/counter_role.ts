/** What a counter counts, and how its numbers come to be known. */
export type CounterRole =
  /** The bucket of one line's major parameter; every answer of the line tells it. */
  | "own"
  /** One bucket for many lines of its hash; every answer of all of them tells it. */
  | "common"
  /** A bucket that only its 429s name; in between it is counted here. */
  | "second"
  /** A limit whose 429s name no numbers: how many pass in what time is learnt from them. */
  | "hidden"
  /** A route that nobody has seen an answer of. */
  | "unseen";
