import { load, serve } from "./_serve.mjs";

const { SlashCreator } = await load("slash-create");

const applicationID = "123456789012345678";

serve({
  point({ origin, token, timeoutMs }) {
    // >>>
    const creator = new SlashCreator({
      applicationID,
      token,
      rest: { baseURL: `${origin}/api/v10` },
    });
    // <<<
    const handler = creator.requestHandler;
    if (timeoutMs !== undefined) handler.options.requestTimeout = timeoutMs;
    const idOf = ({ id }) => id;
    const ask = (method, path, options = {}) =>
      handler.request(method, path, { auth: true, ...options });
    return {
      read: ({ user }) => ask("GET", `/users/${user}`).then(idOf),
      message: ({ channel, content }) =>
        ask("POST", `/channels/${channel}/messages`, { body: { content } })
          .then(idOf),
      files: ({ channel, content, files }) =>
        ask("POST", `/channels/${channel}/messages`, {
          body: { content },
          files: files.map(({ name, text }) => ({
            name,
            file: Buffer.from(text),
          })),
        }).then(idOf),
      edit: ({ channel, message, content }) =>
        ask("PATCH", `/channels/${channel}/messages/${message}`, {
          body: { content },
        }).then(idOf),
      reaction: ({ channel, message, emoji }) =>
        ask(
          "PUT",
          `/channels/${channel}/messages/${message}/reactions/${
            encodeURIComponent(emoji)
          }/@me`,
        ),
      deletion: ({ channel, message, reason }) =>
        ask("DELETE", `/channels/${channel}/messages/${message}`, { reason }),
      // As its contexts do: without the bot's token.
      callback: ({ interaction, interactionToken, content }) =>
        ask(
          "POST",
          `/interactions/${interaction}/${interactionToken}/callback`,
          {
            auth: false,
            body: { type: 4, data: { content } },
          },
        ),
      webhook: ({ webhook, webhookToken, content }) =>
        ask("POST", `/webhooks/${webhook}/${webhookToken}`, {
          auth: false,
          query: { wait: true },
          body: { content },
        }).then(idOf),
    };
  },
  told: ({ response, message }) => ({ code: response.code, nested: message }),
});
