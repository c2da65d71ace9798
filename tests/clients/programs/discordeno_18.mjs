import { load, serve } from "./_serve.mjs";
import { blobOf } from "./_discordeno.mjs";

const { createBot, createRestManager } = await load("discordeno-18");

serve({
  point({ origin, token, key }) {
    const bot = createBot({ token, intents: 0, events: {} });
    // >>>
    bot.rest = createRestManager({ token, customUrl: origin, secretKey: key });
    // <<<
    const idOf = ({ id }) => String(id);
    return {
      read: ({ user }) => bot.helpers.getUser(user).then(idOf),
      message: ({ channel, content }) =>
        bot.helpers.sendMessage(channel, { content }).then(idOf),
      files: ({ channel, content, files }) =>
        bot.helpers.sendMessage(channel, { content, file: files.map(blobOf) })
          .then(idOf),
      edit: ({ channel, message, content }) =>
        bot.helpers.editMessage(channel, message, { content }).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        bot.helpers.addReaction(channel, message, emoji),
      deletion: ({ channel, message, reason }) =>
        bot.helpers.deleteMessage(channel, message, reason),
      callback: ({ interaction, interactionToken, content }) =>
        bot.helpers.sendInteractionResponse(interaction, interactionToken, {
          type: 4,
          data: { content },
        }),
      webhook: ({ webhook, webhookToken, content }) =>
        bot.helpers.sendWebhookMessage(webhook, webhookToken, {
          content,
          wait: true,
        }).then(idOf),
    };
  },
  // Behind a proxy it keeps the message alone.
  told: () => ({}),
});
