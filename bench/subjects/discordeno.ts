/** Stock @discordeno/rest with its own queue, behind a minimal listener. */
import { createRestManager } from "../../deps.ts";
import { servePeer } from "./_serve.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const silent = () => {};

servePeer(({ upstream, token }) => {
  const manager = createRestManager({
    token,
    // It warns of every 429, thousands in some cases; the simulator counts them.
    logger: {
      debug: silent,
      info: silent,
      warn: silent,
      error: silent,
      fatal: silent,
    },
  });
  // Set afterwards: as an option it would mean "a proxy stands there", and the queue would be off.
  manager.baseUrl = upstream;

  return async ({ method, route, body, isInteraction }) => {
    try {
      const answer = await manager.makeRequest(method as Method, route, {
        ...body === undefined ? {} : { body: JSON.parse(body) },
        // As its own helper for interactions does.
        ...isInteraction ? { runThroughQueue: false, unauthorized: true } : {},
      });
      return answer === undefined
        ? new Response(null, { status: 204 })
        : Response.json(answer);
    } catch (error) {
      return new Response(null, { status: statusOf(error) });
    }
  };
});

function statusOf(error: unknown): number {
  const cause = error instanceof Error ? error.cause : undefined;
  const { status = 500 } = (cause ?? {}) as { status?: number };
  return status >= 400 && status <= 599 ? status : 500;
}
