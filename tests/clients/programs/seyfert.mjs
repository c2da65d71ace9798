import { load, serve } from "./_serve.mjs";

const { ApiHandler } = await load("seyfert");

serve({
  point({ origin, token }) {
    // >>>
    const rest = new ApiHandler({ domain: origin, baseUrl: "api/v10", token });
    // <<<
    const { proxy } = rest;
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => proxy.users(user).get().then(idOf),
      message: ({ channel, content }) =>
        proxy.channels(channel).messages.post({ body: { content } }).then(idOf),
      files: ({ channel, content, files }) =>
        proxy.channels(channel).messages.post({
          body: { content },
          files: files.map(({ name, text }) => ({
            filename: name,
            data: Buffer.from(text),
          })),
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        proxy.channels(channel).messages(message).patch({ body: { content } })
          .then(idOf),
      reaction: ({ channel, message, emoji }) =>
        proxy.channels(channel).messages(message)
          .reactions(encodeURIComponent(emoji))("@me").put({}),
      deletion: ({ channel, message, reason }) =>
        proxy.channels(channel).messages(message).delete({ reason }),
      // As its interactions and webhooks do: without the bot's token.
      callback: ({ interaction, interactionToken, content }) =>
        proxy.interactions(interaction)(interactionToken).callback.post({
          auth: false,
          body: { type: 4, data: { content } },
        }),
      webhook: ({ webhook, webhookToken, content }) =>
        proxy.webhooks(webhook)(webhookToken).post({
          auth: false,
          body: { content },
          query: { wait: true },
        }).then(idOf),
    };
  },
  told({ metadata }) {
    const { code, errors } = metadata.response;
    return { code, nested: errors };
  },
});
