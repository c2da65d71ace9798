import type { AdminPage } from "./admin_page.ts";
import type { Answer } from "../domain/answer.ts";
import type { OperatorCall, OperatorDoor } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";

/** What the operators' paths show. */
export interface OperatorDoorDeps {
  /** The figures in Prometheus' text format. */
  readonly exposition: () => Promise<string>;
  readonly page: Pick<AdminPage, "answer">;
}

const encoder = new TextEncoder();

/** Opens `/metrics` and `/admin` for keys with the right `admin`. */
export function createOperatorDoor(deps: OperatorDoorDeps): OperatorDoor {
  return {
    answer(call) {
      if (isPage(call.target)) return deps.page.answer(call);
      if (!isMetrics(call.target)) return undefined;
      requireAdmin(call, "figures");
      return answerMetrics(call, deps.exposition);
    },
  };
}

/** Answers `/metrics` to whoever asks; for a port of its own. */
export async function answerMetrics(
  { method }: Pick<OperatorCall, "method">,
  exposition: () => Promise<string>,
): Promise<Answer> {
  if (method !== "GET" && method !== "HEAD") {
    throw new Refusal("bad_method", "Cannot take this: GET the figures");
  }
  const text = await exposition();
  return {
    status: 200,
    headers: [
      ["content-type", "text/plain; version=0.0.4; charset=utf-8"],
      ["cache-control", "no-store"],
    ],
    body: method === "HEAD" ? undefined : encoder.encode(text),
    isOurs: true,
  };
}

/** Whether a raw target is `/metrics`. */
export function isMetrics(target: string): boolean {
  return /^\/metrics(?:\?|$)/.test(target);
}

function isPage(target: string): boolean {
  return /^\/admin(?:[/?]|$)/.test(target);
}

function requireAdmin({ shown }: OperatorCall, what: string): void {
  const { keyName, isAdmin } = shown();
  if (isAdmin) return;
  throw new Refusal(
    "forbidden",
    `Cannot show ${what}: key ${keyName} has not the right "admin"`,
  );
}
