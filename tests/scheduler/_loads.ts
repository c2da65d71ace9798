import assert from "node:assert/strict";
import type { Plan, WorldOptions } from "./_world.ts";

/** Loads whose shortest time is known, and what a report of them must hold. */

export const SLIDING_5_PER_5_S = { limit: 5, periodMs: 5_000 };
/** What the world reports where none was drawn. */
export const NO_429 = {};

export function worldOf(
  match: string,
  spec: { limit: number; periodMs: number; kind?: "fixed" },
): WorldOptions {
  return { model: { rules: [{ match, ...spec }] } };
}

/** `each` messages into each of `channels` channels, in turn. */
export function messages(channels: number, each: number): Plan[] {
  return Array.from({ length: channels * each }, (_, index) => ({
    method: "POST",
    path: `/channels/${1_000 + index % channels}/messages`,
    json: { content: `message ${Math.floor(index / channels)}` },
  }));
}

export function channelReads(count: number): Plan[] {
  return ids(count).map((id) => readOf(`/channels/${id}`));
}

export function readOf(path: string): Plan {
  return { method: "GET", path };
}

export function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(10_000 + index));
}

export function assertRatio(
  actualMs: number,
  idealMs: number,
  most: number,
): void {
  const ratio = actualMs / idealMs;
  assert.ok(ratio <= most, `${actualMs} ms is ${ratio} x the ideal ${idealMs}`);
}
