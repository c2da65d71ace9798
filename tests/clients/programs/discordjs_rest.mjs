import { load, serve } from "./_serve.mjs";

const { REST } = await load("@discordjs/rest");
const { Routes } = await load("discord-api-types/v10");

serve({
  point({ origin, token, timeoutMs }) {
    // >>>
    const rest = new REST({ api: `${origin}/api` }).setToken(token);
    // <<<
    if (timeoutMs !== undefined) rest.options.timeout = timeoutMs;
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => rest.get(Routes.user(user)).then(idOf),
      message: ({ channel, content }) =>
        rest.post(Routes.channelMessages(channel), { body: { content } })
          .then(idOf),
      files: ({ channel, content, files }) =>
        rest.post(Routes.channelMessages(channel), {
          body: { content },
          files: files.map(({ name, text }) => ({
            name,
            data: Buffer.from(text),
          })),
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        rest.patch(Routes.channelMessage(channel, message), {
          body: { content },
        }).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        rest.put(Routes.channelMessageOwnReaction(
          channel,
          message,
          encodeURIComponent(emoji),
        )),
      deletion: ({ channel, message, reason }) =>
        rest.delete(Routes.channelMessage(channel, message), { reason }),
      callback: ({ interaction, interactionToken, content }) =>
        rest.post(Routes.interactionCallback(interaction, interactionToken), {
          auth: false,
          body: { type: 4, data: { content } },
        }),
      webhook: ({ webhook, webhookToken, content }) =>
        rest.post(Routes.webhook(webhook, webhookToken), {
          auth: false,
          body: { content },
          query: new URLSearchParams({ wait: "true" }),
        }).then(idOf),
    };
  },
  told: (error) => ({ code: error.code, nested: error.rawError.errors }),
});
