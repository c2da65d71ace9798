import { load, serve } from "./_serve.mjs";

const { REST } = await load("@discordjs/rest");
const { Routes } = await load("discord-api-types/v10");

/** A bot that sets no header of ours: it has calls that are worth nothing if they come late. */
serve({
  point({ origin, token }) {
    const rest = new REST({
      api: `${origin}/api`,
      rejectOnRateLimit: ["/guilds"],
      retries: 0,
    }).setToken(token);
    const leaving = new AbortController();
    return {
      emoji: ({ guild }) =>
        rest.post(Routes.guildEmojis(guild), {
          body: { name: "wave", image: "data:image/png;base64,iVBORw0KGgo=" },
        }),
      webhook: ({ webhook, webhookToken }) =>
        rest.post(Routes.webhook(webhook, webhookToken), {
          auth: false,
          body: { content: "optional" },
          signal: leaving.signal,
        }),
      hangUp: () => leaving.abort(),
    };
  },
  told: (error) => ({ code: error.code, nested: error.rawError?.errors }),
});
