import type { Random } from "../../sim/model/random.ts";

/** A request a real client might send, in the parts that can go wrong. */
export interface Draft {
  method: string;
  target: string;
  version: string;
  /** Whole lines, without their ends. */
  headers: string[];
  body: string;
}

/** What the proxy accepts, and must never show again. */
export interface Secrets {
  readonly key: string;
  readonly token: string;
}

/** Stands in bodies and must never be executed as a request; it has no key. */
export const HIDDEN_PATH = "/api/v10/hidden";

type Recipe = (id: () => string, secrets: Secrets) => Draft;

const JSON_TYPE = "Content-Type: application/json";
const MESSAGE = '{"content":"hello","nonce":"1","tts":false}';
const HIDDEN = `GET ${HIDDEN_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`;

const RECIPES: readonly Recipe[] = [
  (id, { key }) => get(`/api/v10/channels/${id()}`, [`Authorization: ${key}`]),
  (_, { key }) =>
    get("/users/@me", [`Authorization: Bot ${key}`, "Accept: */*"]),
  (_, { token }) => get("/v9/users/@me", [`Authorization: Bot ${token}`]),
  (id, { key }) =>
    get(`/api/guilds/${id()}/members/search?query='o%27&limit=5`, [
      `X-Rest-Authorization: ${key}`,
      "X-Rest-Client: shard-3",
      "Priority: u=1, i",
      "Prefer: wait=5",
    ]),
  (id, { key }) =>
    get(`http://x/api/v10/channels/${id()}/messages?limit=50&limit=1`, [
      `Authorization: Bearer ${key}`,
    ]),
  (id, { key }) =>
    get(`/key/${inPath(key)}/api/v10/channels/${id()}`, [
      "Accept-Encoding: gzip, br",
    ]),
  () => get("/healthz", []),
  () => get("/readyz?x", []),
  (id) => get(`/api/v10/channels/${id()}`, ["Authorization: not-the-key"]),
  (_, { key }) =>
    get("/rep", [
      `Authorization: ${key}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]),
  (id, { key }) =>
    write("POST", `/api/v10/channels/${id()}/messages`, MESSAGE, [
      `Authorization: ${key}`,
      JSON_TYPE,
    ]),
  (id, { key }) =>
    write("PATCH", `/api/v10/channels/${id()}/messages/${id()}`, MESSAGE, [
      `Authorization: ${key}`,
      JSON_TYPE,
      "X-Audit-Log-Reason: because%20of%20%C3%A4",
      "X-Rest-Order: none",
    ]),
  (id, { key }) =>
    write("POST", `/api/v10/channels/${id()}/messages`, HIDDEN, [
      `Authorization: ${key}`,
      "Content-Type: text/plain",
    ]),
  (id, { key }) =>
    write(
      "POST",
      `/api/v10/channels/${id()}/messages`,
      [
        '--b\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n{}',
        `\r\n--b\r\nContent-Disposition: form-data; name="files[0]"; filename="a"\r\n\r\n\0\xff${HIDDEN}`,
        "\r\n--b--\r\n",
      ].join(""),
      [
        `Authorization: ${key}`,
        "Content-Type: multipart/form-data; boundary=b",
      ],
    ),
  (id, { key }) =>
    chunked("POST", `/api/v10/channels/${id()}/messages`, [MESSAGE, HIDDEN], [
      `Authorization: ${key}`,
      JSON_TYPE,
    ]),
  (id, { key }) =>
    write(
      "PUT",
      `/api/v10/channels/${id()}/messages/${id()}/reactions/%F0%9F%91%8D/@me`,
      "",
      [`Authorization: ${key}`],
    ),
  (id, { key }) =>
    get(`/api/v10/channels/${id()}/messages/${id()}`, [
      `Authorization: ${key}`,
    ], "DELETE"),
  (id, { key }) =>
    write("POST", `/api/v10/webhooks/${id()}/a-token-_of-a-webhook`, MESSAGE, [
      `X-Rest-Authorization: ${key}`,
      JSON_TYPE,
    ]),
  (id) =>
    write(
      "POST",
      `/api/v10/interactions/${id()}/aW50ZXJhY3Rpb246MTIzNDU2Nzg5/callback`,
      '{"type":5}',
      [JSON_TYPE, "Expect: 100-continue"],
    ),
  (_, { key }) =>
    write(
      "POST",
      "/api/v10/oauth2/token",
      "grant_type=client_credentials&scope=identify",
      [
        `X-Rest-Authorization: ${key}`,
        "Authorization: Basic MTIzOnNlY3JldA==",
        "Content-Type: application/x-www-form-urlencoded",
      ],
    ),
  (id, { key }) =>
    get(`/api/v10/guilds/${id()}`, [
      `X-Rest-Authorization: ${key}`,
      "Authorization: Bot MTIzNDU2Nzg5MDEyMzQ1Njc5.brought.by-a-caller",
      "Cookie: a=b",
      "X-Forwarded-For: 10.0.0.1",
      "Connection: keep-alive, X-Odd",
      "X-Odd: 1",
    ]),
];

/** Not spelt like the key, so that an echo of a mutated path does not look like a leaked key. */
function inPath(key: string): string {
  return key.replaceAll("-", "%2D");
}

/** One of the good requests, with ids of its own so that no limit binds. */
export function draw(random: Random, secrets: Secrets): Draft {
  const id = () => String(1e17 + Math.floor(random() * 8e17));
  const recipe = RECIPES[Math.floor(random() * RECIPES.length)];
  return (recipe ?? RECIPES[0] as Recipe)(id, secrets);
}

function get(target: string, headers: string[], method = "GET"): Draft {
  return {
    method,
    target,
    version: "HTTP/1.1",
    headers: ["Host: x", ...headers],
    body: "",
  };
}

function write(
  method: string,
  target: string,
  body: string,
  headers: string[],
): Draft {
  const length = `Content-Length: ${body.length}`;
  return { ...get(target, [...headers, length], method), body };
}

function chunked(
  method: string,
  target: string,
  parts: readonly string[],
  headers: string[],
): Draft {
  const chunks = [...parts, ""].map((part) =>
    `${part.length.toString(16)}\r\n${part}\r\n`
  );
  const all = [...headers, "Transfer-Encoding: chunked"];
  return { ...get(target, all, method), body: chunks.join("") };
}
