import { Agent, load, serve } from "./_serve.mjs";

const { Client } = await load("eris");

serve({
  point({ host, port, ca, prefix, token, timeoutMs }) {
    // >>>
    const client = new Client("Bot " + token, {
      restMode: true,
      rest: {
        domain: host,
        baseURL: `${prefix}/api/v10`,
        agent: new Agent({ port, ca }),
      },
    });
    // <<<
    if (timeoutMs !== undefined) {
      client.requestHandler.options.requestTimeout = timeoutMs;
    }
    client.on("error", () => {});
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => client.getRESTUser(user).then(idOf),
      message: ({ channel, content }) =>
        client.createMessage(channel, content).then(idOf),
      files: ({ channel, content, files }) =>
        client.createMessage(
          channel,
          content,
          files.map(({ name, text }) => ({ name, file: Buffer.from(text) })),
        ).then(idOf),
      edit: ({ channel, message, content }) =>
        client.editMessage(channel, message, content).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        client.addMessageReaction(channel, message, emoji),
      deletion: ({ channel, message, reason }) =>
        client.deleteMessage(channel, message, reason),
      callback: ({ interaction, interactionToken, content }) =>
        client.createInteractionResponse(interaction, interactionToken, {
          type: 4,
          data: { content },
        }),
      webhook: ({ webhook, webhookToken, content }) =>
        client.executeWebhook(webhook, webhookToken, { content, wait: true })
          .then(idOf),
    };
  },
  told: (error) => ({ code: error.code, nested: error.response.errors }),
});
