/** Stock @discordjs/rest with its own queues, behind a minimal listener. */
import { REST } from "../deps.ts";
import { servePeer } from "./_serve.ts";

type Request = Parameters<REST["queueRequest"]>[0];

servePeer(({ upstream, token, globalLimit }) => {
  const rest = new REST({
    api: upstream,
    version: "10",
    globalRequestsPerSecond: globalLimit,
  }).setToken(token);

  return async ({ method, route, body, isInteraction }) => {
    try {
      const answer = await rest.queueRequest({
        fullRoute: route as Request["fullRoute"],
        method: method as Request["method"],
        auth: !isInteraction,
        ...body === undefined ? {} : { body: JSON.parse(body) },
      });
      const isEmpty = answer.status === 204;
      return new Response(isEmpty ? null : await answer.arrayBuffer(), {
        status: answer.status,
      });
    } catch (error) {
      const { status = 500 } = error as { status?: number };
      return new Response(null, { status });
    }
  };
});
