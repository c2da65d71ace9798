/** The client in a real browser, against the real proxy. Ignored where no Chromium is. */
import assert from "node:assert/strict";
import { buildNpm } from "../../tools/build_npm.ts";
import { KEY, startTestProxy } from "../_proxy.ts";

const CHROMIUM = "/usr/bin/chromium";

/** A browser needs some seconds to start on a busy machine. */
const BROWSER_MS_MAX = 60_000;

/** No network of its own, no profile but the one given. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

Deno.test({
  name:
    "a page in Chromium authenticates by its first message, reads, writes and is told of a refusal",
  ignore: !isThere(CHROMIUM),
  async fn() {
    const folder = await Deno.makeTempDir();
    const built = new URL(`file://${folder}/npm/`);
    await buildNpm(built);
    const told = Promise.withResolvers<string>();
    let page = "";
    const server = servePage(built, () => page, told.resolve);
    const origin = `http://127.0.0.1:${server.addr.port}`;
    await using proxy = await startTestProxy({ env: { REST_ORIGINS: origin } });
    page = pageFor(proxy.port);
    const browser = new Deno.Command(CHROMIUM, {
      args: [
        ...FLAGS,
        `--user-data-dir=${folder}/profile`,
        `${origin}/`,
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const timer = setTimeout(() => told.resolve("no word"), BROWSER_MS_MAX);
    const said = await told.promise;
    clearTimeout(timer);
    browser.kill("SIGKILL");
    await browser.status;
    await server.shutdown();
    await Deno.remove(folder, { recursive: true }).catch(() => {});

    assert.equal(said, "read GET, wrote POST, refused 400");
    assert.deepEqual(
      proxy.sim.requests().map(({ method }) => method),
      ["GET", "POST"],
    );
  },
});

function pageFor(port: number): string {
  return `<!doctype html><script type="module">
    import { RepClient } from "/mod.js";
    const tell = (text) => fetch("/told", { method: "POST", body: text });
    try {
      const client = new RepClient("ws://127.0.0.1:${port}/rep", { token: "${KEY}", session: "tab" });
      await client.ready;
      const read = await client.get("/users/@me");
      const wrote = await client.action("/channels/1/messages", { data: { content: "hello" } });
      const refused = await client.get("/../x").catch((error) => error);
      await client.close();
      await tell("read " + read.method + ", wrote " + wrote.method + ", refused " + refused.status);
    } catch (error) {
      await tell("failed: " + error);
    }
  </script>`;
}

function servePage(
  built: URL,
  page: () => string,
  onTold: (text: string) => void,
): Deno.HttpServer<Deno.NetAddr> {
  const hostname = "127.0.0.1";
  return Deno.serve({ hostname, port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/told") {
      onTold(await request.text());
      return new Response("");
    }
    const isPage = pathname === "/";
    const body = isPage ? page() : await scriptOf(built, pathname);
    if (body === undefined) return new Response(null, { status: 404 });
    const type = isPage ? "text/html" : "text/javascript";
    return new Response(body, { headers: { "content-type": type } });
  });
}

function scriptOf(built: URL, pathname: string): Promise<string | undefined> {
  return Deno.readTextFile(new URL(`.${pathname}`, built))
    .catch(() => undefined);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
