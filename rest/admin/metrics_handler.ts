import { answerMetrics, isMetrics } from "./operator_door.ts";

/** Serves the figures to whoever reaches the port. */
export function createMetricsHandler(
  exposition: () => Promise<string>,
): (request: Request) => Promise<Response> {
  return async ({ method, url }) => {
    const { pathname, search } = new URL(url);
    if (!isMetrics(pathname + search)) {
      return new Response(null, { status: 404 });
    }
    const isRead = method === "GET" || method === "HEAD";
    if (!isRead) return new Response(null, { status: 405 });
    const { status, headers, body } = await answerMetrics(
      { method },
      exposition,
    );
    return new Response(body ?? null, {
      status,
      headers: headers.map(([name, value]) => [name, value]),
    });
  };
}
