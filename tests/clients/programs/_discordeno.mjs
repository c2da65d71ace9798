// deno-lint-ignore-file explicit-module-boundary-types -- Node runs this as it is
/** What discordeno 19 and later are asked to do; their helpers are the same. */
export function discordeno(rest) {
  const idOf = ({ id }) => String(id);
  return {
    read: ({ user }) => rest.getUser(user).then(idOf),
    message: ({ channel, content }) =>
      rest.sendMessage(channel, { content }).then(idOf),
    files: ({ channel, content, files }) =>
      rest.sendMessage(channel, { content, files: files.map(blobOf) })
        .then(idOf),
    edit: ({ channel, message, content }) =>
      rest.editMessage(channel, message, { content }).then(idOf),
    reaction: ({ channel, message, emoji }) =>
      rest.addReaction(channel, message, emoji),
    deletion: ({ channel, message, reason }) =>
      rest.deleteMessage(channel, message, reason),
    callback: ({ interaction, interactionToken, content }) =>
      rest.sendInteractionResponse(interaction, interactionToken, {
        type: 4,
        data: { content },
      }),
    webhook: ({ webhook, webhookToken, content }) =>
      rest.executeWebhook(webhook, webhookToken, { content, wait: true })
        .then(idOf),
  };
}

/** A file as discordeno wants it. */
export function blobOf({ name, text }) {
  return { name, blob: new Blob([text], { type: "text/plain" }) };
}
