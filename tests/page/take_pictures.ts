/** Takes the operators' page while one channel is flooded, as docs/ shows it; run by tools/take_pictures.ts. */
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { type Look, startBrowser } from "./_browser.ts";

const FOLDER = new URL("../../docs/pictures/", import.meta.url).pathname;

const PICTURES: ReadonlyArray<Look & { readonly name: string }> = [
  { name: "page-light", colorScheme: "light" },
  { name: "page-dark", colorScheme: "dark" },
  { name: "page-narrow", colorScheme: "light", width: 390 },
];

/** Enough seconds of traffic for charts that show something. */
const SECONDS = 14;

if (import.meta.main) await takePictures();

async function takePictures(): Promise<void> {
  await using proxy = await startTestProxy({
    sim: {
      latencyOut: { minMs: 20, maxMs: 60 },
      globalLimit: { window: "sliding" },
    },
  });
  await using browser = await startBrowser();
  const pages = [];
  for (const { name, ...look } of PICTURES) {
    const page = await browser.open(look);
    await page.goto(`${proxy.url}/admin`);
    await page.fill("input[name=key]", KEY);
    await page.click("button:has-text('Sign in')");
    await page.waitForSelector(".verdict");
    pages.push({ name, page });
  }
  const asked = await traffic(proxy);
  for (const { name, page } of pages) {
    await page.screenshot({ path: `${FOLDER}${name}.png`, fullPage: true });
  }
  await proxy.proxy.drain(0);
  await Promise.all(asked);
}

/** Some seconds of an ordinary day, and then one channel is flooded. */
async function traffic(proxy: TestProxy): Promise<readonly Promise<void>[]> {
  const asked: Promise<void>[] = [];
  for (let second = 0; second < SECONDS; second++) {
    const reads = 12 + (second * 7) % 11;
    for (let n = 0; n < reads; n++) {
      asked.push(
        ask(proxy, "GET", `/guilds/3${second}0000000000000${n}/roles`),
      );
    }
    if (second % 3 === 0) asked.push(ask(proxy, "GET", "/users/@me"));
    if (second === SECONDS - 4) {
      for (let n = 0; n < 90; n++) {
        asked.push(ask(proxy, "POST", "/channels/412345678901234567/messages"));
      }
      for (let n = 0; n < 14; n++) {
        asked.push(ask(proxy, "POST", "/channels/498765432109876543/messages"));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return asked;
}

async function ask(
  { url }: TestProxy,
  method: string,
  path: string,
): Promise<void> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: KEY,
      "content-type": "application/json",
      "x-rest-client": `shard-${path.length % 2}`,
    },
    body: method === "GET" ? null : '{"content":"hello"}',
  });
  await response.body?.cancel();
}
