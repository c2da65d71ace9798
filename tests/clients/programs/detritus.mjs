import { load, serve } from "./_serve.mjs";

const { Client } = await load("detritus-client-rest");

serve({
  point({ origin, token }) {
    // >>>
    const client = new Client(token, { baseUrl: `${origin}/api/v10` });
    // <<<
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => client.fetchUser(user).then(idOf),
      message: ({ channel, content }) =>
        client.createMessage(channel, content).then(idOf),
      files: ({ channel, content, files }) =>
        client.createMessage(channel, {
          content,
          files: files.map(({ name, text }) => ({
            filename: name,
            value: Buffer.from(text),
          })),
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        client.editMessage(channel, message, { content }).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        client.createReaction(channel, message, emoji),
      deletion: ({ channel, message, reason }) =>
        client.deleteMessage(channel, message, { reason }),
      callback: ({ interaction, interactionToken, content }) =>
        client.createInteractionResponse(interaction, interactionToken, 4, {
          content,
        }),
      webhook: ({ webhook, webhookToken, content }) =>
        client.executeWebhook(webhook, webhookToken, { content, wait: true })
          .then(idOf),
    };
  },
  told: ({ code, errors }) => ({ code, nested: errors }),
});
