/** How things are, in one sentence. */
export interface Verdict {
  readonly tone: "good" | "busy" | "bad";
  readonly text: string;
}

export const good = (text: string): Verdict => ({ tone: "good", text });
export const busy = (text: string): Verdict => ({ tone: "busy", text });
export const bad = (text: string): Verdict => ({ tone: "bad", text });
