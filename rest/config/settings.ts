import type { OpenTokenRoutes } from "../domain/access.ts";
import type { Secret } from "../domain/secret.ts";
import {
  BOOLEAN,
  FILE,
  GLOBAL_LIMIT_MAX,
  HEADER_NAMES,
  HOST,
  integer,
  KEY,
  type Kind,
  LIMITS,
  oneOf,
  SOCKET,
  TOKEN,
  UPSTREAM,
} from "./kinds.ts";

/** How much a line matters; each level writes those after it, too. */
export type LogLevelName = "debug" | "info" | "warn" | "error";
/** How a line is written: `pretty` for people, `json` for machines; `auto` is `pretty` on a terminal. */
export type LogFormat = "auto" | "pretty" | "json";

/** Everything an operator can decide, read and checked. */
export interface Settings {
  readonly discordToken: Secret | undefined;
  readonly tokensFile: string | undefined;
  readonly authorization: Secret;
  readonly keysFile: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly socket: string | undefined;
  /** Without a slash at the end; `/v{n}` and the path are put behind it. */
  readonly upstream: string;
  readonly apiVersion: number;
  readonly isKeyInPathAllowed: boolean;
  readonly openTokenRoutes: OpenTokenRoutes;
  readonly isRepHeaderRequired: boolean;
  readonly repHeaders: ReadonlySet<string>;
  readonly areRateLimitHeadersStripped: boolean;
  readonly bodyLimitMib: number;
  readonly heldLimitMib: number;
  readonly upstreamConnections: number;
  readonly upstreamTimeoutMs: number;
  readonly maxWaitMs: number;
  readonly drainMs: number;
  readonly globalLimit: number;
  readonly globalLimits: ReadonlyMap<string, number>;
  readonly invalidLimit: number;
  readonly queueLimit: number;
  readonly lineLimit: number;
  readonly isSingleFlight: boolean;
  readonly logLevel: LogLevelName;
  readonly logFormat: LogFormat;
}

/** One row of the table: everything the parser and the documents say of a setting. */
export interface Setting<T> {
  /** Its name in the environment. */
  readonly name: string;
  readonly kind: Kind<T>;
  /** What an unset setting is read from, as it would be written in `.env`. */
  readonly fallback: string;
  /** `required` refuses the start without it; `optional` is usually set, but need not be. */
  readonly need: "required" | "optional" | "defaulted";
  /** What it is for, in sentences for operators. */
  readonly about: string;
}

/** Most settings have a default, so only the others say what they need. */
function row<T>(
  name: string,
  kind: Kind<T>,
  fallback: string,
  about: string,
  need: Setting<T>["need"] = "defaulted",
): Setting<T> {
  return { name, kind, fallback, about, need };
}

/** The one source of the parser, of `.env.example` and of the README's list. */
export const SETTINGS: {
  readonly [Member in keyof Settings]: Setting<Settings[Member]>;
} = {
  discordToken: row(
    "DISCORD_TOKEN",
    TOKEN,
    "",
    "The bot's token. Without it only callers that bring a token of their own are served.",
    "optional",
  ),
  tokensFile: row(
    "DISCORD_TOKENS_FILE",
    FILE,
    "",
    "More bots: a JSON object of names and tokens.",
  ),
  authorization: row(
    "REST_AUTHORIZATION",
    KEY,
    "",
    "The key callers prove themselves with. Make one with `deno task key`.",
    "required",
  ),
  keysFile: row(
    "REST_KEYS_FILE",
    FILE,
    "",
    "More keys, and what each may do: a JSON list, read anew on SIGHUP.",
  ),
  port: row(
    "REST_PORT",
    integer(0, 65_535),
    "8000",
    "The port to listen on; 0 takes any free one.",
  ),
  host: row(
    "REST_HOST",
    HOST,
    "127.0.0.1",
    "The address to listen on. Beyond this machine or a private network give it TLS, or put TLS in front of it.",
  ),
  tlsCertFile: row(
    "REST_TLS_CERT",
    FILE,
    "",
    "The certificate to speak TLS with, its chain behind it: PEM, read anew on SIGHUP.",
  ),
  tlsKeyFile: row(
    "REST_TLS_KEY",
    FILE,
    "",
    "The private key of that certificate: PEM, without a passphrase.",
  ),
  socket: row(
    "REST_SOCKET",
    SOCKET,
    "",
    "A Unix socket to listen on instead of a port. Only the user that runs the proxy can open it.",
  ),
  upstream: row(
    "REST_UPSTREAM",
    UPSTREAM,
    "https://discord.com/api",
    "Where requests go.",
  ),
  apiVersion: row(
    "REST_API_VERSION",
    integer(8, 99),
    "10",
    "The API version for paths that name none.",
  ),
  isKeyInPathAllowed: row(
    "REST_KEY_IN_PATH",
    BOOLEAN,
    "false",
    "Takes the key from paths that begin with `/key/<key>/`, for clients that cannot send it otherwise. Whoever logs such paths logs the key.",
  ),
  openTokenRoutes: row(
    "REST_OPEN_TOKEN_ROUTES",
    oneOf("known", "true", "false"),
    "known",
    "Who needs no key where the path carries a webhook or interaction token, since many clients send none there: addresses that sent the key within the last hour (`known`), everybody (`true`), nobody (`false`). Behind a reverse proxy all callers have one address.",
  ),
  isRepHeaderRequired: row(
    "REST_REP_REQUIRE_HEADER",
    BOOLEAN,
    "false",
    "Refuses WebSocket upgrades without the key in a header, instead of giving them 10 s to authenticate.",
  ),
  repHeaders: row(
    "REST_REP_HEADERS",
    HEADER_NAMES,
    "",
    "Headers of WebSocket requests that may cross besides `X-Audit-Log-Reason`.",
  ),
  areRateLimitHeadersStripped: row(
    "REST_STRIP_RATELIMIT_HEADERS",
    BOOLEAN,
    "false",
    "Takes `X-RateLimit-*` off answers other than 429, so that clients stop throttling themselves.",
  ),
  bodyLimitMib: row(
    "REST_BODY_LIMIT_MIB",
    integer(1, 512, "MiB"),
    "110",
    "The largest request body. Discord takes uploads of 10 to 100 MiB, by server and subscription, and in rare cases 500.",
  ),
  heldLimitMib: row(
    "REST_HELD_LIMIT_MIB",
    integer(1, 65_536, "MiB"),
    "512",
    "Request bodies held at once, all callers together; beyond it callers wait before their body is read.",
  ),
  upstreamConnections: row(
    "REST_UPSTREAM_CONNECTIONS",
    integer(1, 4_096, "connections"),
    "256",
    "Connections to Discord at once. Each carries one request at a time.",
  ),
  upstreamTimeoutMs: row(
    "REST_UPSTREAM_TIMEOUT_MS",
    integer(1_000, 600_000, "ms"),
    "60000",
    "How long Discord may take to answer one request. It usually needs less than a second, for large uploads many; Cloudflare itself gives up after 100 s.",
  ),
  maxWaitMs: row(
    "REST_MAX_WAIT_MS",
    integer(100, 3_600_000, "ms"),
    "240000",
    "How long a request may wait for its turn; beyond it the caller gets a 429.",
  ),
  drainMs: row(
    "REST_DRAIN_MS",
    integer(0, 600_000, "ms"),
    "25000",
    "How long queued requests may go on after SIGTERM. Kubernetes kills 30 s after it.",
  ),
  globalLimit: row(
    "REST_GLOBAL_LIMIT",
    integer(1, GLOBAL_LIMIT_MAX, "requests"),
    "50",
    "Requests per second over all routes that Discord allows a bot.",
  ),
  globalLimits: row(
    "REST_GLOBAL_LIMITS",
    LIMITS,
    "",
    "Bots whose global limit is another one.",
  ),
  invalidLimit: row(
    "REST_INVALID_LIMIT",
    integer(1, 10_000, "answers"),
    "9000",
    "Answers 401, 403 and 429 allowed within 10 minutes before the proxy stops sending. Discord bans the address at 10,000.",
  ),
  queueLimit: row(
    "REST_QUEUE_LIMIT",
    integer(1, 1_000_000, "requests"),
    "100000",
    "Requests waiting at once; beyond it callers get a 429. Where several keys send, one may hold no more than four times what is left free.",
  ),
  lineLimit: row(
    "REST_LINE_LIMIT",
    integer(1, 1_000_000, "requests"),
    "10000",
    "Requests waiting at once for one and the same limit, so that a single channel cannot fill the queue. Whoever holds less than its share of them is still let in.",
  ),
  isSingleFlight: row(
    "REST_SINGLE_FLIGHT",
    BOOLEAN,
    "false",
    "Answers identical reads that wait at the same time with one request.",
  ),
  logLevel: row(
    "REST_LOG_LEVEL",
    oneOf("debug", "info", "warn", "error"),
    "info",
    "`debug` logs every request, `warn` refusals and 429s.",
  ),
  logFormat: row(
    "REST_LOG_FORMAT",
    oneOf("auto", "pretty", "json"),
    "auto",
    "`pretty` for people, `json` for machines; `auto` is pretty on a terminal.",
  ),
};
