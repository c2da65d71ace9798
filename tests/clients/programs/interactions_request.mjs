import { load, serve } from "./_serve.mjs";

const { default: Client } = await load("@discord-interactions/request");

serve({
  point({ origin, token, timeoutMs }) {
    // >>>
    const client = new Client({ api: `${origin}/api` }).setToken(token);
    // <<<
    if (timeoutMs !== undefined) {
      client.requestConfig = { ...client.requestConfig, timeout: timeoutMs };
    }
    const idOf = ({ id }) => id;
    return {
      read: ({ user }) => client.get(`/users/${user}`).then(idOf),
      message: ({ channel, content }) =>
        client.post(`/channels/${channel}/messages`, { body: { content } })
          .then(idOf),
      files: ({ channel, content, files }) =>
        client.post(`/channels/${channel}/messages`, {
          body: { content },
          files: files.map(({ name, text }) => ({
            name,
            data: new Blob([text]),
          })),
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        client.patch(`/channels/${channel}/messages/${message}`, {
          body: { content },
        }).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        client.put(
          `/channels/${channel}/messages/${message}/reactions/${
            encodeURIComponent(emoji)
          }/@me`,
        ),
      deletion: ({ channel, message, reason }) =>
        client.delete(`/channels/${channel}/messages/${message}`, { reason }),
      callback: ({ interaction, interactionToken, content }) =>
        client.post(
          `/interactions/${interaction}/${interactionToken}/callback`,
          { auth: false, body: { type: 4, data: { content } } },
        ),
      webhook: ({ webhook, webhookToken, content }) =>
        client.post(`/webhooks/${webhook}/${webhookToken}`, {
          auth: false,
          body: { content },
          query: new URLSearchParams({ wait: "true" }),
        }).then(idOf),
    };
  },
  told: ({ code, raw }) => ({ code, nested: raw.errors }),
});
