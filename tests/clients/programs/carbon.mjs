import { load, serve } from "./_serve.mjs";

const { RequestClient } = await load("@buape/carbon");

serve({
  point({ origin, token, timeoutMs }) {
    // >>>
    const rest = new RequestClient(token, {
      baseUrl: `${origin}/api/v10`,
      queueRequests: false,
    });
    // <<<
    if (timeoutMs !== undefined) rest.options.timeout = timeoutMs;
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => rest.get(`/users/${user}`).then(idOf),
      message: ({ channel, content }) =>
        rest.post(`/channels/${channel}/messages`, { body: { content } })
          .then(idOf),
      files: ({ channel, content, files }) =>
        rest.post(`/channels/${channel}/messages`, {
          body: {
            content,
            files: files.map(({ name, text }) => ({
              name,
              data: new Blob([text]),
            })),
          },
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        rest.patch(`/channels/${channel}/messages/${message}`, {
          body: { content },
        }).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        rest.put(
          `/channels/${channel}/messages/${message}/reactions/${
            encodeURIComponent(emoji)
          }/@me`,
        ),
      // It has no option for a reason; the header is the caller's to encode.
      deletion: ({ channel, message, reason }) =>
        rest.delete(`/channels/${channel}/messages/${message}`, {
          headers: { "X-Audit-Log-Reason": encodeURIComponent(reason) },
        }),
      callback: ({ interaction, interactionToken, content }) =>
        rest.post(`/interactions/${interaction}/${interactionToken}/callback`, {
          body: { type: 4, data: { content } },
        }),
      webhook: ({ webhook, webhookToken, content }) =>
        rest.post(`/webhooks/${webhook}/${webhookToken}`, {
          body: { content },
        }, { wait: true }).then(idOf),
    };
  },
  told: ({ rawBody }) => ({ code: rawBody.code, nested: rawBody.errors }),
});
