import { load, serve } from "./_serve.mjs";
import { discordeno } from "./_discordeno.mjs";

const { createRestManager } = await load("discordeno-rest-19");

serve({
  point({ origin, token, key }) {
    // >>>
    const rest = createRestManager({
      token,
      proxy: { baseUrl: origin, authorization: key },
    });
    // <<<
    return discordeno(rest);
  },
  // Behind a proxy it keeps the message alone.
  told: () => ({}),
});
