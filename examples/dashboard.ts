// deno-lint-ignore-file no-console -- A program says what it does.
/**
 * A dashboard with a key of its own, which can read and nothing else. Whoever
 * breaks into it gets neither the bot's token nor a way to write.
 *
 * Of the proxy it needs an entry in the list of `REST_KEYS_FILE`, of which
 * `deno task key dashboard` makes all but the rights:
 *
 *     { "name": "dashboard", "sha256": "…", "read-only": true,
 *       "routes": ["GET /users/@me", "GET /users/@me/guilds"], "urgency": 5 }
 *
 *     DASHBOARD_KEY=… deno run --allow-net --allow-env examples/dashboard.ts
 */
const url = Deno.env.get("SLUICE_URL") ?? "http://127.0.0.1:8000";
const authorization = Deno.env.get("DASHBOARD_KEY") ?? "";
const port = Number(Deno.env.get("PORT") ?? "8080");

/** What Discord, or the proxy itself, answers to a read. */
async function read<T>(path: string): Promise<T> {
  const headers = { authorization, "x-rest-client": "dashboard" };
  const response = await fetch(`${url}/api/v10${path}`, { headers });
  if (response.ok) return await response.json();
  const { message } = await response.json();
  throw new Error(`${path}: ${response.status} ${message}`);
}

const server = Deno.serve(
  { hostname: "127.0.0.1", port, onListen: () => {} },
  async () => {
    try {
      const [me, guilds] = await Promise.all([
        read<{ username: string }>("/users/@me"),
        read<unknown[]>("/users/@me/guilds"),
      ]);
      return Response.json({ bot: me.username, guilds: guilds.length });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return Response.json({ message }, { status: 502 });
    }
  },
);
console.log(`Dashboard on http://127.0.0.1:${server.addr.port}`);
