import { load, serve } from "./_serve.mjs";

const { Client, Routes, WebhookClient } = await load("discord.js");

serve({
  point({ origin, token, timeoutMs }) {
    // >>>
    const rest = { api: `${origin}/api` };
    const client = new Client({ rest, intents: [] });
    // <<<
    client.rest.setToken(token);
    if (timeoutMs !== undefined) client.rest.options.timeout = timeoutMs;
    const idOf = ({ id }) => id;
    const messagesOf = async (channel) =>
      (await client.channels.fetch(channel)).messages;
    return {
      read: ({ user }) => client.users.fetch(user).then(idOf),
      message: async ({ channel, content }) =>
        (await client.channels.fetch(channel)).send({ content }).then(idOf),
      files: async ({ channel, content, files }) =>
        (await client.channels.fetch(channel)).send({
          content,
          files: files.map(({ name, text }) => ({
            name,
            attachment: Buffer.from(text),
          })),
        }).then(idOf),
      edit: async ({ channel, message, content }) =>
        (await messagesOf(channel)).edit(message, content).then(idOf),
      reaction: async ({ channel, message, emoji }) =>
        (await messagesOf(channel)).react(message, emoji),
      // `Message.delete` takes no reason; `client.rest` does.
      deletion: ({ channel, message, reason }) =>
        client.rest.delete(Routes.channelMessage(channel, message), { reason }),
      // As its interactions do: without the bot's token.
      callback: ({ interaction, interactionToken, content }) =>
        client.rest.post(
          Routes.interactionCallback(interaction, interactionToken),
          { auth: false, body: { type: 4, data: { content } } },
        ),
      webhook: ({ webhook, webhookToken, content }) =>
        new WebhookClient({ id: webhook, token: webhookToken }, { rest })
          .send(content).then(idOf),
    };
  },
  told: (error) => ({ code: error.code, nested: error.rawError.errors }),
});
