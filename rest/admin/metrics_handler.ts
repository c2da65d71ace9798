import type { Answer } from "../domain/answer.ts";
import { answerMetrics, isMetrics } from "./operator_door.ts";

/** A request as far as it matters here. */
interface Asked {
  readonly method: string;
  readonly target: string;
}

/** Serves the figures to whoever reaches the port. */
export function createMetricsHandler(
  exposition: () => Promise<string>,
): (asked: Asked) => Promise<Answer> {
  return async ({ method, target }) => {
    if (!isMetrics(target)) return withStatus(404);
    const isRead = method === "GET" || method === "HEAD";
    return isRead
      ? await answerMetrics({ method }, exposition)
      : withStatus(405);
  };
}

function withStatus(status: number): Answer {
  return { status, headers: [], body: undefined };
}
