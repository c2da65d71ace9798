import assert from "node:assert/strict";
import { headerOf } from "../../sim/model/request.ts";
import { exchange, headerIn, type RawResponse } from "../listener/_raw_http.ts";
import { KEY, type Place, startPlace, TOKEN } from "./_places.ts";

/** A library that no package of npm's can stand for: what it sends, and how it reads what comes. */
interface WireClient {
  readonly name: string;
  /** Headers of a message with an audit-log reason, as its HTTP client spells them. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body: string;
  /** Seconds it waits after a 429; throws where it would do worse than wait. */
  readonly waitS: (response: RawResponse) => number;
  /** It sends again by itself after this status. */
  readonly sendsAgain: (status: number) => boolean;
}

/** What discord.py and the libraries that began as copies of it do with a 429. */
function waitAsDiscordPy(response: RawResponse): number {
  const isJson = headerIn(response, "content-type") === "application/json";
  if (!headerIn(response, "via") || !isJson) {
    throw new Error("raised at once, as Cloudflare's ban");
  }
  const { retry_after: retryAfterS, global } = JSON.parse(response.body);
  if (typeof retryAfterS !== "number") throw new Error("KeyError");
  if (global !== false) throw new Error("every request stops");
  return retryAfterS;
}

/** The headers of a message of theirs, as aiohttp spells them. */
function aiohttpHeaders(userAgent: string): WireClient["headers"] {
  return [
    ["User-Agent", `DiscordBot (${userAgent}) Python/3.12 aiohttp/3.13.2`],
    ["Authorization", `Bot ${TOKEN}`],
    // Blanks and slashes stay as they are.
    ["X-Audit-Log-Reason", "Gr%C3%BCn / 100 %25"],
    ["Accept", "*/*"],
    ["Accept-Encoding", "gzip, deflate, br"],
    ["Content-Type", "application/json"],
  ];
}

/** Seconds in `X-RateLimit-Reset-After`; throws where a library without anything left would ask at once. */
function waitForReset(response: RawResponse): number {
  if (headerIn(response, "x-ratelimit-remaining") !== "0") {
    throw new Error("asks again at once");
  }
  return Number(headerIn(response, "x-ratelimit-reset-after"));
}

/** Read in their sources, 2026-11. */
const CLIENTS: readonly WireClient[] = [
  {
    name: "discord.py",
    headers: aiohttpHeaders("https://github.com/Rapptz/discord.py 2.6.4"),
    body: '{"content":"hello","nonce":17293822569102704641,"tts":false}',
    waitS: waitAsDiscordPy,
    sendsAgain: (status) => [500, 502, 504, 524].includes(status),
  },
  {
    name: "pycord",
    headers: aiohttpHeaders("https://pycord.dev, 2.7.0"),
    body: '{"tts":false,"content":"hello"}',
    waitS: waitAsDiscordPy,
    sendsAgain: (status) => [500, 502, 503, 504].includes(status),
  },
  {
    name: "disnake",
    headers: aiohttpHeaders("https://github.com/DisnakeDev/disnake 2.11.0"),
    body: '{"tts":false,"content":"hello"}',
    waitS: waitAsDiscordPy,
    sendsAgain: (status) => [500, 502, 504].includes(status),
  },
  {
    name: "nextcord",
    headers: aiohttpHeaders("https://github.com/nextcord/nextcord/ 3.1.1"),
    body: '{"content":"hello"}',
    waitS(response) {
      waitAsDiscordPy(response);
      waitForReset(response);
      // Its own guess of a window's length, until an answer with a Reset is longer.
      return 1;
    },
    sendsAgain: (status) => [500, 502, 504].includes(status),
  },
  {
    name: "hikari",
    headers: [
      [
        "User-Agent",
        "DiscordBot (https://github.com/hikari-py/hikari, 2.5.0) Nekokatt AIOHTTP/3.13.2 CPython/3.12",
      ],
      ["Authorization", `Bot ${TOKEN}`],
      ["X-Audit-Log-Reason", "Gr%C3%BCn%20/%20100%20%25"],
      ["Accept", "*/*"],
      ["Accept-Encoding", "gzip, deflate"],
      ["Content-Type", "application/json"],
    ],
    body: '{"content":"hello"}',
    waitS(response) {
      if (!headerIn(response, "x-ratelimit-bucket")) {
        throw new Error("asks again at once: no bucket to wait for");
      }
      return waitForReset(response);
    },
    sendsAgain: (status) => [500, 502, 503, 504].includes(status),
  },
  {
    name: "interactions.py",
    headers: aiohttpHeaders("https://github.com/interactions-py 5.15.0"),
    body: '{"content":"hello"}',
    waitS(response) {
      const { message, global } = JSON.parse(response.body);
      if (global !== false) throw new Error("every request stops");
      // By these words it tells whose wait is meant.
      return message === "The resource is being rate limited."
        ? JSON.parse(response.body).retry_after
        : Number(headerIn(response, "x-ratelimit-reset-after"));
    },
    sendsAgain: (status) => [500, 502, 504].includes(status),
  },
  {
    name: "discordgo",
    headers: [
      [
        "User-Agent",
        "DiscordBot (https://github.com/bwmarrin/discordgo, v0.29.0)",
      ],
      ["Authorization", `Bot ${TOKEN}`],
      ["Content-Type", "application/json"],
      ["X-Audit-Log-Reason", "Gr%C3%BCn"],
      ["Accept-Encoding", "gzip"],
    ],
    body: '{"content":"hello","tts":false,"components":null}',
    waitS(response) {
      if (headerIn(response, "x-ratelimit-global") !== undefined) {
        throw new Error("every request stops");
      }
      // Anything but a number ends the call with an error.
      const { retry_after: retryAfterS } = JSON.parse(response.body);
      if (typeof retryAfterS !== "number") throw new Error("cannot unmarshal");
      const remaining = headerIn(response, "x-ratelimit-remaining") ?? "";
      if (!/^\d*$/.test(remaining)) throw new Error("cannot parse remaining");
      return retryAfterS;
    },
    sendsAgain: (status) => status === 502 || status === 503,
  },
  {
    name: "arikawa",
    headers: [
      [
        "User-Agent",
        "DiscordBot (https://github.com/diamondburned/arikawa/v3)",
      ],
      ["Authorization", `Bot ${TOKEN}`],
      ["Content-Type", "application/json"],
      ["X-Audit-Log-Reason", "Gr%C3%BCn"],
      ["Accept-Encoding", "gzip"],
    ],
    body: '{"content":"hello"}',
    waitS(response) {
      waitForReset(response);
      const retryAfter = headerIn(response, "retry-after") ?? "";
      if (!/^[+-]?\d+$/.test(retryAfter)) {
        throw new Error(`invalid retryAfter ${retryAfter}`);
      }
      return Number(retryAfter);
    },
    sendsAgain: (status) => status >= 500,
  },
  {
    name: "JDA",
    headers: [
      ["user-agent", "DiscordBot (https://github.com/discord-jda/JDA, 6.1.2)"],
      ["accept-encoding", "gzip"],
      ["authorization", `Bot ${TOKEN}`],
      ["x-ratelimit-precision", "millisecond"],
      ["X-Audit-Log-Reason", "Gr%C3%BCn+%26+100+%25"],
      ["Content-Type", "application/json; charset=utf-8"],
      ["Connection", "Keep-Alive"],
    ],
    body: '{"content":"hello","enforce_nonce":false,"flags":0}',
    waitS(response) {
      const retryAfter = headerIn(response, "retry-after") ?? "";
      if (!/^[+-]?\d+$/.test(retryAfter)) {
        throw new Error(`NumberFormatException: "${retryAfter}"`);
      }
      if (headerIn(response, "x-ratelimit-global") !== undefined) {
        throw new Error("every request stops");
      }
      if (headerIn(response, "via") === undefined) {
        throw new Error("every request stops, as at Cloudflare's ban");
      }
      return Number(retryAfter);
    },
    sendsAgain: (status) => status >= 500,
  },
  {
    name: "disgo",
    headers: [
      [
        "User-Agent",
        "DiscordBot (https://github.com/disgoorg/disgo, v0.19.0)",
      ],
      ["Authorization", `Bot ${TOKEN}`],
      ["Content-Type", "application/json"],
      ["X-Audit-Log-Reason", "Gr%C3%BCn"],
      ["Accept-Encoding", "gzip"],
    ],
    body: '{"content":"hello"}',
    waitS(response) {
      if (!headerIn(response, "x-ratelimit-bucket")) {
        throw new Error("the 429 is not seen");
      }
      const retryAfter = headerIn(response, "retry-after") ?? "";
      if (!/^[+-]?\d+$/.test(retryAfter)) {
        throw new Error(`invalid retryAfter ${retryAfter}`);
      }
      if (headerIn(response, "x-ratelimit-global")) {
        throw new Error("every request stops");
      }
      return Number(retryAfter);
    },
    sendsAgain: () => false,
  },
];

Deno.test("libraries that are not on npm are understood on the wire, and understand", async (t) => {
  await using place = await startPlace({
    discord: { rules: [{ match: POST_MESSAGE, limit: 1, periodMs: 1_500 }] },
    env: { REST_MAX_WAIT_MS: "100" },
  });
  for (const [index, client] of CLIENTS.entries()) {
    const channel = String(910_000_000_000_000_000n + BigInt(index));
    await t.step(
      `what ${client.name} sends arrives as it was sent`,
      async () => {
        const { status } = await send(place, client, channel);
        assert.equal(status, 200);
        const arrived = place.sim.requests().at(-1);
        assert.ok(arrived !== undefined);
        assert.equal(arrived.target, pathOf(channel));
        assert.equal(new TextDecoder().decode(arrived.body), client.body);
        for (const [name, value] of client.headers) {
          // A connection's own business, and the one upstream is another.
          if (name === "Connection") continue;
          assert.equal(headerOf(arrived.headers, name.toLowerCase()), value);
        }
      },
    );
    await t.step(
      `after a 429 of the proxy's ${client.name} waits, and no more`,
      async () => {
        const response = await send(place, client, channel);
        assert.equal(response.status, 429);
        assert.equal(headerIn(response, "x-rest-proxy"), "wait_too_long");
        const waitS = client.waitS(response);
        assert.ok(waitS >= 1 && waitS <= 2, `waits ${waitS} s`);
      },
    );
    await t.step(
      `${client.name} does not repeat what may have been done`,
      async () => {
        const other = `${channel}0`;
        const match = `POST /channels/${other}/messages`;
        const fault = { kind: "close", isExecuted: true } as const;
        place.sim.script({ match, fault });
        const response = await send(place, client, other);
        assert.equal(headerIn(response, "x-rest-proxy"), "outcome_unknown");
        assert.ok(!client.sendsAgain(response.status), `${response.status}`);
      },
    );
  }
  await t.step("nothing of it was done twice", () => {
    const { executed } = place.sim.audit.report();
    assert.equal(executed, 2 * CLIENTS.length);
  });
});

const POST_MESSAGE = "POST /channels/{channel}/messages";

function pathOf(channel: string): string {
  return `/api/v10/channels/${channel}/messages`;
}

function send(
  { port }: Place,
  { headers, body }: WireClient,
  channel: string,
): Promise<RawResponse> {
  const fields = [
    ["Host", `127.0.0.1:${port}`],
    ...headers,
    ["Content-Length", String(body.length)],
  ];
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return exchange(
    port,
    `POST ${pathOf(channel)} HTTP/1.1\r\n${head}\r\n${body}`,
  );
}

const TOKEN_EXCHANGE = {
  path: "/api/v10/oauth2/token",
  /** `client_id:client_secret`. */
  basic: "Basic MTIzNDU2Nzg5MDEyMzQ1Njc4OnNlY3JldA==",
  form: "grant_type=client_credentials&scope=identify",
};

Deno.test("client credentials of OAuth2 cross with the key in its own header or in the path", async (t) => {
  await using place = await startPlace({
    discord: {},
    env: { REST_KEY_IN_PATH: "true", REST_OPEN_TOKEN_ROUTES: "false" },
  });
  const ways: ReadonlyArray<readonly [string, string, Record<string, string>]> =
    [
      ["in its own header", "", { "x-rest-authorization": KEY }],
      ["in the path", `/key/${KEY}`, {}],
    ];
  for (const [way, prefix, headers] of ways) {
    await t.step(`the key ${way}`, async () => {
      const status = await exchangeToken(place, prefix, headers);
      assert.equal(status, 200);
      const arrived = place.sim.requests().at(-1);
      assert.ok(arrived !== undefined);
      const { path, basic, form } = TOKEN_EXCHANGE;
      assert.equal(arrived.target, path);
      assert.equal(headerOf(arrived.headers, "authorization"), basic);
      assert.equal(new TextDecoder().decode(arrived.body), form);
    });
  }
  await t.step("without the key nothing crosses", async () => {
    const before = place.sim.requests().length;
    assert.equal(await exchangeToken(place, "", {}), 401);
    assert.equal(place.sim.requests().length, before);
  });
});

/** The status of a token exchange as OAuth2 libraries send it. */
async function exchangeToken(
  { origin }: Place,
  prefix: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const { path, basic, form } = TOKEN_EXCHANGE;
  const response = await fetch(`${origin}${prefix}${path}`, {
    method: "POST",
    headers: {
      authorization: basic,
      "content-type": "application/x-www-form-urlencoded",
      ...headers,
    },
    body: form,
  });
  await response.body?.cancel();
  return response.status;
}
