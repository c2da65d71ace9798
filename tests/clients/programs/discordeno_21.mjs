import { load, serve } from "./_serve.mjs";
import { discordeno } from "./_discordeno.mjs";

const { createRestManager } = await load("discordeno-rest-21");

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
  told(error) {
    const { code, errors } = JSON.parse(error.cause.body);
    return { code, nested: errors };
  },
});
