// deno-lint-ignore-file no-console -- A program says what it does.
/**
 * A discord.js bot whose every call goes through Sluice: it logs in, answers
 * slash commands and posts by a webhook. Nothing of it but `rest` knows of the
 * proxy: the bot's token is the key.
 *
 *     npm install discord.js
 *     DISCORD_TOKEN=… node discordjs_bot.mjs
 */
import { Client, Events, WebhookClient } from "discord.js";

const { SLUICE_URL = "http://127.0.0.1:8000", DISCORD_TOKEN, WEBHOOK_URL } =
  process.env;

const rest = { api: `${SLUICE_URL}/api` };
const client = new Client({ rest, intents: [] });

// Without it one reply that Discord refuses ends the whole bot.
client.on(Events.Error, console.error);
client.on(Events.InteractionCreate, async (interaction) => {
  if (!interaction.isChatInputCommand()) return;
  // Discord wants an answer within 3 s: the callback goes before all else.
  await interaction.deferReply();
  await interaction.editReply("Pong!");
});

client.once(Events.ClientReady, async ({ user }) => {
  console.log(`${user.username} is here`);
  // Webhooks have a client of their own, which is to be pointed here, too.
  if (WEBHOOK_URL === undefined) return;
  const webhook = new WebhookClient({ url: WEBHOOK_URL }, { rest });
  await webhook.send("The bot is up");
});

await client.login(DISCORD_TOKEN);
