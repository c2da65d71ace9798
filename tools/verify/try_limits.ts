import { idIn, type Trial } from "./trial.ts";

const EMOJI = encodeURIComponent("👍");

/** Messages: sent, changed, reacted to, read, deleted. */
export async function tryMessages(
  trial: Trial,
  channel: string,
): Promise<void> {
  const messages = `/channels/${channel}/messages`;
  const sent = await trial.probe(
    "POST /channels/{id}/messages",
    (n) => trial.post(messages, { content: `verify ${n}` }),
  );
  const ids = sent.map((reply) => idIn(reply) ?? "0");
  const [message = "0"] = ids;
  await trial.probe(
    "PATCH /channels/{id}/messages/{id}",
    (n) =>
      trial.visit.ask("PATCH", `${messages}/${message}`, {
        body: { content: `edited ${n}` },
      }),
  );
  const reaction = `${messages}/${message}/reactions/${EMOJI}/@me`;
  await trial.probe(
    "PUT /channels/{id}/messages/{id}/reactions/{emoji}/@me",
    () => trial.visit.ask("PUT", reaction),
  );
  await trial.probe(
    "DELETE /channels/{id}/messages/{id}/reactions/{emoji}/@me",
    () => trial.visit.ask("DELETE", reaction),
  );
  await trial.probe(
    "GET /channels/{id}/messages",
    () => trial.visit.ask("GET", messages),
  );
  await trial.probe(
    "DELETE /channels/{id}/messages/{id}",
    (n) => trial.visit.ask("DELETE", `${messages}/${ids[n] ?? message}`),
  );
}

/** A channel by itself. */
export async function tryChannel(
  trial: Trial,
  channel: string,
): Promise<void> {
  await trial.probe(
    "GET /channels/{id}",
    () => trial.visit.ask("GET", `/channels/${channel}`),
    { isGuess: true },
  );
  await trial.probe(
    "PATCH /channels/{id}",
    (n) =>
      trial.visit.ask("PATCH", `/channels/${channel}`, {
        body: { rate_limit_per_user: n + 1 },
      }),
  );
  // Messages of one user in a channel with slowmode would be another matter.
  await trial.visit.ask("PATCH", `/channels/${channel}`, {
    body: { rate_limit_per_user: 0 },
  });
}

/** Roles: a limit of two days, and a window that is fixed. */
export async function tryGuild(
  trial: Trial,
  bot: string,
): Promise<void> {
  const { guild } = trial.ground;
  await trial.probe(
    "GET /guilds/{id}",
    () => trial.visit.ask("GET", `/guilds/${guild}`),
    { isGuess: true },
  );
  const [made] = await trial.probe(
    "POST /guilds/{id}/roles",
    () => trial.post(`/guilds/${guild}/roles`, { name: "sluice-verify" }),
    { isOnce: true },
  );
  const role = made === undefined ? undefined : idIn(made);
  if (role === undefined) return;
  trial.made.push(`/guilds/${guild}/roles/${role}`);
  await trial.probe(
    "PUT /guilds/{id}/members/{id}/roles/{id}",
    () =>
      trial.visit.ask("PUT", `/guilds/${guild}/members/${bot}/roles/${role}`),
  );
}

/** A webhook, called without the bot's token. */
export async function tryWebhook(
  trial: Trial,
  channel: string,
): Promise<void> {
  const [made] = await trial.probe(
    "POST /channels/{id}/webhooks",
    () => trial.post(`/channels/${channel}/webhooks`, { name: "verify" }),
    { isGuess: true, isOnce: true },
  );
  const id = made === undefined ? undefined : idIn(made);
  if (made === undefined || id === undefined) return;
  const { token = "simulated" } = made.body;
  await trial.probe(
    "POST /webhooks/{id}/{token}",
    (n) =>
      trial.visit.ask("POST", `/webhooks/${id}/${token}?wait=true`, {
        body: { content: `verify ${n}` },
        isOpen: true,
      }),
  );
}

/** Commands, users, and routes without a limit. */
export async function tryOthers(
  trial: Trial,
  bot: string,
): Promise<void> {
  const { guild, applicationId } = trial.ground;
  const commands = `/applications/${applicationId}/guilds/${guild}/commands`;
  const [made] = await trial.probe(
    "POST /applications/{id}/guilds/{id}/commands",
    () =>
      trial.post(commands, {
        name: "sluice-verify",
        description: "Made by a test, and deleted by it",
      }),
  );
  const command = made === undefined ? undefined : idIn(made);
  if (command !== undefined) trial.made.push(`${commands}/${command}`);
  await trial.probe(
    "GET /users/{id}",
    () => trial.visit.ask("GET", `/users/${bot}`),
  );
  await trial.probe(
    "GET /gateway",
    () => trial.visit.ask("GET", "/gateway", { isOpen: true }),
  );
  await trial.probe(
    "GET /gateway/bot",
    () => trial.visit.ask("GET", "/gateway/bot"),
  );
}
