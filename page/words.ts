import type { WaitReason } from "../rest/domain/wait_reason.ts";

/** What a request waits for, for people. */
export const REASON_WORDS: Readonly<Record<WaitReason, string>> = {
  bucket: "its bucket",
  "first_answer": "the first answer",
  order: "its order",
  global: "the global limit",
  "hidden_limit": "a hidden limit",
  "common_limit": "a limit shared with others",
  "rate_limited": "a 429 to end",
  breaker: "Cloudflare's block",
  token: "a valid token",
  "invalid_budget": "the ban budget",
  retry: "its retry",
  operator: "an operator",
  turn: "its turn",
};

/** `78 ms`, `4.2 s`, `3 min`, `2 h`; a dash where nobody knows. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** `12`, `3400`, `120k`. */
export function count(value: number): string {
  if (value < 100) return String(Math.round(value * 10) / 10);
  return value < 10_000
    ? String(Math.round(value))
    : `${Math.round(value / 1_000)}k`;
}

/** `12 KiB`, `3.4 MiB`. */
export function size(bytes: number): string {
  const kib = bytes / 1_024;
  return kib < 1_000
    ? `${Math.ceil(kib)} KiB`
    : `${(kib / 1_024).toFixed(1)} MiB`;
}

/** `1 request`, `2 requests`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** The end of an id, which is the part that differs. */
export function shortId(id: string): string {
  return id.length <= 12 ? id : `${id.slice(0, 4)}…${id.slice(-4)}`;
}
