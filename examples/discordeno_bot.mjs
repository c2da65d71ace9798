// deno-lint-ignore-file no-console -- A program says what it does.
/**
 * A discordeno bot whose every call goes through Sluice. The proxy has the
 * limits, so several processes of this bot need not know of each other.
 *
 *     npm install @discordeno/bot
 *     DISCORD_TOKEN=… REST_AUTHORIZATION=… node discordeno_bot.mjs
 */
import { createBot, createRestManager } from "@discordeno/bot";

const {
  SLUICE_URL = "http://127.0.0.1:8000",
  DISCORD_TOKEN: token,
  REST_AUTHORIZATION: authorization,
} = process.env;

const bot = createBot({
  token,
  desiredProperties: {
    interaction: { id: true, token: true, type: true },
    user: { username: true },
  },
  events: {
    ready({ user }) {
      console.log(`${user.username} is here`);
    },
    async interactionCreate({ id, token }) {
      await bot.helpers.sendInteractionResponse(id, token, {
        type: 4,
        data: { content: "Pong!" },
      });
    },
  },
});
bot.rest = createRestManager({
  token,
  proxy: { baseUrl: SLUICE_URL, authorization },
});

await bot.start();
