// deno-lint-ignore-file no-console -- A program says what it does.
/**
 * A program with Sluice inside: one process, and no port but that of its own
 * server. What it does itself and what comes to that server wait in one queue.
 *
 *     deno run --env-file --allow-net --allow-env --allow-read examples/embedded.ts <channel>
 */
import { CONFIGS, DISCORD_TOKEN, REST_PORT } from "../configs.ts";
import { createRestManager } from "../deps.ts";
import { createProxy } from "../rest/proxy.ts";

if (!CONFIGS.ok) throw new Error(CONFIGS.problems.join("\n"));
const { settings, access } = CONFIGS;
const [channel = "0"] = Deno.args;

const manager = createRestManager({ token: DISCORD_TOKEN });
manager.baseUrl = settings.upstream;
const proxy = createProxy(settings, { manager, access });

// discordeno's typed helpers, in this process.
const { id } = await manager.sendMessage(channel, { content: "from inside" });
console.log(`Sent ${id}`);

// A server of the program's own, with the proxy below one of its paths.
const server = Deno.serve(
  { hostname: "127.0.0.1", port: REST_PORT },
  (request, info) => {
    const { pathname } = new URL(request.url);
    return pathname.startsWith("/api/")
      ? proxy.fetch(request, info)
      : new Response("This is no call to Discord\n", { status: 404 });
  },
);

Deno.addSignalListener("SIGTERM", async () => {
  // What waits goes on for a while; then the answers have to get out.
  await proxy.drain();
  await server.shutdown();
  Deno.exit(0);
});
