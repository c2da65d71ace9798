import assert from "node:assert/strict";
import { headerOf } from "../../sim/model/request.ts";
import { exchange, headerIn, type RawResponse } from "../listener/_raw_http.ts";
import { type Place, startPlace, TOKEN } from "./_places.ts";

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

/** Read in their sources, 2026-11. */
const CLIENTS: readonly WireClient[] = [
  {
    name: "discord.py",
    headers: [
      [
        "User-Agent",
        "DiscordBot (https://github.com/Rapptz/discord.py 2.6.4) Python/3.12 aiohttp/3.13.2",
      ],
      ["Authorization", `Bot ${TOKEN}`],
      // Blanks and slashes stay as they are.
      ["X-Audit-Log-Reason", "Gr%C3%BCn / 100 %25"],
      ["Accept", "*/*"],
      ["Accept-Encoding", "gzip, deflate, br"],
      ["Content-Type", "application/json"],
    ],
    body: '{"content":"hello","nonce":17293822569102704641,"tts":false}',
    waitS(response) {
      const isJson = headerIn(response, "content-type") === "application/json";
      if (!headerIn(response, "via") || !isJson) {
        throw new Error("raised at once, as Cloudflare's ban");
      }
      const { retry_after: retryAfterS, global } = JSON.parse(response.body);
      if (typeof retryAfterS !== "number") throw new Error("KeyError");
      if (global !== false) throw new Error("every request stops");
      return retryAfterS;
    },
    sendsAgain: (status) => [500, 502, 504, 524].includes(status),
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

Deno.test("discord.py, JDA and disgo are understood on the wire, and understand", async (t) => {
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
