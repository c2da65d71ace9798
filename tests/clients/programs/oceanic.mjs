import { load, serve } from "./_serve.mjs";

const { Client } = await load("oceanic.js");

serve({
  point({ origin, token, timeoutMs }) {
    // >>>
    const client = new Client({
      auth: "Bot " + token,
      rest: { baseURL: `${origin}/api/v10` },
    });
    // <<<
    // Bound once: the getters read the options only here.
    const { rest } = client;
    if (timeoutMs !== undefined) rest.options.requestTimeout = timeoutMs;
    client.on("error", () => {});
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => rest.users.get(user).then(idOf),
      message: ({ channel, content }) =>
        rest.channels.createMessage(channel, { content }).then(idOf),
      files: ({ channel, content, files }) =>
        rest.channels.createMessage(channel, {
          content,
          files: files.map(({ name, text }) => ({
            name,
            contents: Buffer.from(text),
          })),
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        rest.channels.editMessage(channel, message, { content }).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        rest.channels.createReaction(channel, message, emoji),
      deletion: ({ channel, message, reason }) =>
        rest.channels.deleteMessage(channel, message, reason),
      callback: ({ interaction, interactionToken, content }) =>
        rest.interactions.createInteractionResponse(
          interaction,
          interactionToken,
          { type: 4, data: { content } },
        ),
      webhook: ({ webhook, webhookToken, content }) =>
        rest.webhooks.execute(webhook, webhookToken, { content, wait: true })
          .then(idOf),
    };
  },
  told: (error) => ({ code: error.code, nested: error.resBody.errors }),
});
