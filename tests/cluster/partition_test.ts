/** Real proxies in networks of their own, one of which loses packets without a word. */
import { hasNetworks, runInNetwork } from "./_networks.ts";
import { hasRedis } from "./_redis.ts";

const ignore = !hasRedis || !await hasNetworks();

Deno.test({
  name:
    "an owner whose packets to Redis are lost is followed within 6 s: one sends at a time, nothing is lost, doubled, out of order or over a limit, and it comes back",
  ignore,
  fn: () => runInNetwork("_cut_off.ts", "redis"),
});

Deno.test({
  name:
    "an owner whose packets to Redis and all other proxies are lost is followed too, and within 8 s callers at the others know what is known of their messages",
  ignore,
  fn: () => runInNetwork("_cut_off.ts", "all"),
});
