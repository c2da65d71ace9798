import type { RefusalCode } from "./refusal.ts";

/** What happened, told once; log, metrics and pages read it here. Nothing in a fact is secret. */
export type Fact =
  | { readonly kind: "queued"; readonly label: string; readonly caller: string }
  | { readonly kind: "leased"; readonly label: string; readonly waitMs: number }
  /** Sent once for several: a write whose caller came back, a read that met an identical one. */
  | {
    readonly kind: "adopted" | "joined";
    readonly label: string;
    readonly caller: string;
  }
  | {
    readonly kind: "answered";
    readonly label: string;
    readonly caller: string;
    readonly status: number;
    readonly waitMs: number;
    readonly sendMs: number;
    readonly attempts: number;
  }
  | {
    readonly kind: "rate_limited";
    readonly label: string;
    readonly scope: string;
    readonly retryAfterMs: number | undefined;
  }
  | {
    readonly kind: "refused";
    readonly code: RefusalCode;
    readonly label: string;
    readonly caller: string;
    /** What went wrong below: a code and a host. */
    readonly detail?: string | undefined;
    /** When asking again becomes worthwhile, where that is known. */
    readonly retryAfterMs?: number | undefined;
  }
  | { readonly kind: "warning"; readonly message: string };

/** Where facts go. Must not throw and must not block. */
export type FactSink = (fact: Fact) => void;
