import { load, serve } from "./_serve.mjs";

const { SnowTransfer } = await load("snowtransfer");

serve({
  point({ origin, token }) {
    // >>>
    const client = new SnowTransfer(token, {
      baseHost: origin,
      bypassBuckets: true,
    });
    // <<<
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => client.user.getUser(user).then(idOf),
      message: ({ channel, content }) =>
        client.channel.createMessage(channel, content).then(idOf),
      files: ({ channel, content, files }) =>
        client.channel.createMessage(channel, {
          content,
          files: files.map(({ name, text }) => ({
            name,
            file: Buffer.from(text),
          })),
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        client.channel.editMessage(channel, message, content).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        client.channel.createReaction(
          channel,
          message,
          encodeURIComponent(emoji),
        ),
      deletion: ({ channel, message, reason }) =>
        client.channel.deleteMessage(channel, message, reason),
      callback: ({ interaction, interactionToken, content }) =>
        client.interaction.createInteractionResponse(
          interaction,
          interactionToken,
          { type: 4, data: { content } },
        ),
      webhook: ({ webhook, webhookToken, content }) =>
        client.webhook.executeWebhook(webhook, webhookToken, content, {
          wait: true,
        }).then(idOf),
    };
  },
  told: (error) => ({ code: error.code, nested: error.message }),
});
