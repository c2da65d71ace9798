// deno-lint-ignore-file no-console -- The guide's process says where it is.
/**
 * The standalone REST process of discordeno's guide for large bots, line by
 * line and in the spelling of today's discordeno and Deno. One line is not the
 * guide's: it puts Sluice's queue in the place of discordeno's. `rest/mod.ts`
 * is the same process, and does with each request what this one leaves out
 * (`examples/README.md` has the table).
 *
 *     deno run --env-file --allow-net --allow-env --allow-read examples/guide.ts
 */
import {
  CONFIGS,
  DISCORD_TOKEN,
  REST_AUTHORIZATION,
  REST_PORT,
} from "../configs.ts";
import { BASE_URL, createRestManager, type RequestMethods } from "../deps.ts";
import { createProxy } from "../rest/proxy.ts";

if (!CONFIGS.ok) throw new Error(CONFIGS.problems.join("\n"));
const { settings, access } = CONFIGS;

// The guide's `secretKey` and `customUrl` are now for those who call this
// process: `proxy: { authorization, baseUrl }`.
const rest = createRestManager({ token: DISCORD_TOKEN });
rest.baseUrl = Deno.env.get("REST_UPSTREAM") ?? BASE_URL;

// The line that is not the guide's.
createProxy(settings, { manager: rest, access });

Deno.serve({
  hostname: "127.0.0.1",
  port: REST_PORT,
  onListen: ({ port }) =>
    console.info(
      `HTTP webserver running. Access it at: http://localhost:${port}/`,
    ),
}, handleRequest);

async function handleRequest(request: Request): Promise<Response> {
  const isAllowed = REST_AUTHORIZATION !== "" &&
    REST_AUTHORIZATION === request.headers.get("authorization");
  if (!isAllowed) {
    return Response.json({ error: "Invalid authorization key." }, {
      status: 401,
    });
  }

  // Today's clients send no body where there is nothing to say.
  const text = await request.text();
  const json = text === "" ? undefined : JSON.parse(text);

  // Callers put the version in front of the path, and so does the manager.
  const { pathname, search } = new URL(request.url);
  const route = pathname.replace(`/v${rest.version}`, "") + search;
  const result = await rest.makeRequest(
    request.method as RequestMethods,
    route,
    { body: json },
  );

  return result === undefined
    ? new Response(null, { status: 204 })
    : Response.json(result);
}
