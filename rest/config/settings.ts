import type { OpenTokenRoutes } from "../domain/access.ts";
import type { OutboundProxy } from "../domain/outbound_proxy.ts";
import type { Secret } from "../domain/secret.ts";
import { NETWORKS, ORIGINS } from "./address_kinds.ts";
import { JOURNAL_KEY } from "./journal_kinds.ts";
import { OPTIONAL_KEY, PEER_URL, REDIS_URL } from "./cluster_kinds.ts";
import {
  ADDRESS,
  BOOLEAN,
  FILE,
  GLOBAL_LIMIT,
  HEADER_NAMES,
  HOST,
  integer,
  KEY,
  type Kind,
  LIMITS,
  oneOf,
  OPTIONAL_PORT,
  OUTBOUND_PROXY,
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
  readonly discordTokenFile: string | undefined;
  readonly tokensFile: string | undefined;
  readonly authorization: Secret;
  readonly authorizationFile: string | undefined;
  readonly keysFile: string | undefined;
  readonly rulesFile: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly socket: string | undefined;
  /** Pages that may call from browsers: `https://host`. */
  readonly origins: ReadonlySet<string>;
  /** Addresses and networks that may say where a caller is. */
  readonly trustedProxies: readonly string[];
  readonly connectionLimit: number;
  /** 0: as many as there are in all. */
  readonly addressConnectionLimit: number;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** Without a slash at the end; `/v{n}` and the path are put behind it. */
  readonly upstream: string;
  readonly apiVersion: number;
  readonly isKeyInPathAllowed: boolean;
  readonly openTokenRoutes: OpenTokenRoutes;
  readonly isRepHeaderRequired: boolean;
  readonly repHeaders: ReadonlySet<string>;
  readonly areRateLimitHeadersStripped: boolean;
  readonly isServerTimingOn: boolean;
  /** A port of its own for `/metrics`; undefined: none. */
  readonly metricsPort: number | undefined;
  readonly bodyLimitMib: number;
  readonly heldLimitMib: number;
  readonly keptLimitMib: number;
  readonly outboundProxy: OutboundProxy | undefined;
  readonly outboundAddress: string | undefined;
  readonly upstreamConnections: number;
  readonly upstreamTimeoutMs: number;
  readonly maxWaitMs: number;
  readonly drainMs: number;
  readonly globalLimit: number | "auto";
  readonly globalLimits: ReadonlyMap<string, number>;
  readonly invalidLimit: number;
  readonly queueLimit: number;
  readonly lineLimit: number;
  readonly messageNonce: "off" | "add";
  readonly isSingleFlight: boolean;
  readonly adoptMs: number;
  /** The database of what outlives the process; undefined: nothing does. */
  readonly journalFile: string | undefined;
  readonly journalWrites: "promised" | "all";
  readonly journalKey: Secret | undefined;
  readonly journalKeyFile: string | undefined;
  readonly journalSync: "process" | "machine";
  readonly journalLimitMib: number;
  readonly isJournalReset: boolean;
  /** Where several proxies agree on who sends; undefined: this one is alone. */
  readonly redisUrl: Secret | undefined;
  /** Without a slash at the end. */
  readonly peerUrl: string | undefined;
  readonly peerKey: Secret | undefined;
  /** The proxy that everything is handed on to; undefined: none. Without a slash at the end. */
  readonly ownerUrl: string | undefined;
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
  /** What it is for, in full sentences for operators. */
  readonly about: string;
  /** What `.env.example` sets it to, where that is not the default. */
  readonly example?: string;
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

/** The one source of the parser, of `.env.example` and of the list in docs/settings.md. */
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
  discordTokenFile: row(
    "DISCORD_TOKEN_FILE",
    FILE,
    "",
    "A file that holds the bot's token, in place of `DISCORD_TOKEN`. Read again on SIGHUP.",
  ),
  tokensFile: row(
    "DISCORD_TOKENS_FILE",
    FILE,
    "",
    "A file with more bots: a JSON object of names and tokens, read again on SIGHUP.",
  ),
  authorization: row(
    "REST_AUTHORIZATION",
    KEY,
    "",
    "The key that callers must send. Make one with `deno task key`.",
    "required",
  ),
  authorizationFile: row(
    "REST_AUTHORIZATION_FILE",
    FILE,
    "",
    "A file that holds the key, in place of `REST_AUTHORIZATION`. Read again on SIGHUP.",
  ),
  keysFile: row(
    "REST_KEYS_FILE",
    FILE,
    "",
    "A file with more keys and their rights: a JSON list, read again on SIGHUP.",
  ),
  rulesFile: row(
    "REST_RULES_FILE",
    FILE,
    "",
    "A file with rules for how long requests of some routes may wait, and whether they are sent when their caller has left: a JSON list, read again on SIGHUP.",
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
    "The address to listen on. Where callers come from outside this machine or a private network, use TLS (`REST_TLS_CERT`) or put a server with TLS in front.",
  ),
  tlsCertFile: row(
    "REST_TLS_CERT",
    FILE,
    "",
    "The file of the TLS certificate and its chain: PEM, read again on SIGHUP.",
  ),
  tlsKeyFile: row(
    "REST_TLS_KEY",
    FILE,
    "",
    "The file of the certificate's private key: PEM, without a passphrase, read again on SIGHUP.",
  ),
  socket: row(
    "REST_SOCKET",
    SOCKET,
    "",
    "A Unix socket to listen on instead of a port. Only the user that runs the proxy can open it.",
  ),
  origins: row(
    "REST_ORIGINS",
    ORIGINS,
    "",
    "Pages that may call from browsers, with a key of their own: their origins. WebSockets of other pages are refused; nothing but a browser sends an origin.",
  ),
  trustedProxies: row(
    "REST_TRUSTED_PROXIES",
    NETWORKS,
    "",
    "Reverse proxies in front of this one, whose `X-Forwarded-For` says where a caller is.",
  ),
  connectionLimit: row(
    "REST_CONNECTION_LIMIT",
    integer(1, 1_000_000, "connections"),
    "10000",
    "Connections of callers at once; one more is answered 503 and closed. Each idle one takes some 20 KiB and a file (`ulimit -n`).",
  ),
  addressConnectionLimit: row(
    "REST_ADDRESS_CONNECTION_LIMIT",
    integer(0, 1_000_000, "connections"),
    "0",
    "Connections of one address at once; 0 sets no bound, since behind a reverse proxy all callers have one address.",
  ),
  headTimeoutMs: row(
    "REST_HEAD_TIMEOUT_MS",
    integer(1_000, 600_000, "ms"),
    "10000",
    "How long a request's line and headers may take to come in.",
  ),
  idleTimeoutMs: row(
    "REST_IDLE_TIMEOUT_MS",
    integer(1_000, 3_600_000, "ms"),
    "120000",
    "How long a connection may be without a request. Longer than the pools of clients keep theirs, so that none is closed as it is used again.",
  ),
  bodyTimeoutMs: row(
    "REST_BODY_TIMEOUT_MS",
    integer(1_000, 600_000, "ms"),
    "60000",
    "How long a request's body may take to come in; each 32 KiB that came add a second to it.",
  ),
  upstream: row(
    "REST_UPSTREAM",
    UPSTREAM,
    "https://discord.com/api",
    "Discord's API, to which all requests are sent.",
  ),
  apiVersion: row(
    "REST_API_VERSION",
    integer(8, 99),
    "10",
    "The API version of paths that name none.",
  ),
  isKeyInPathAllowed: row(
    "REST_KEY_IN_PATH",
    BOOLEAN,
    "false",
    "Accepts the key in paths that begin with `/key/<key>/`, for clients that cannot send it in a header. A log of such paths contains the key.",
  ),
  openTokenRoutes: row(
    "REST_OPEN_TOKEN_ROUTES",
    oneOf("known", "true", "false"),
    "known",
    "Who needs no key on paths that carry a webhook or interaction token, where many libraries send none: addresses that have sent a key, until they are silent for 30 days (`known`; without a journal a restart forgets them), everybody (`true`) or nobody (`false`). Behind a reverse proxy all callers have the same address.",
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
    "Headers that WebSocket clients may send to Discord besides `X-Audit-Log-Reason`.",
  ),
  areRateLimitHeadersStripped: row(
    "REST_STRIP_RATELIMIT_HEADERS",
    BOOLEAN,
    "false",
    "Removes `X-RateLimit-*` from answers other than 429, so that clients do not throttle themselves.",
  ),
  isServerTimingOn: row(
    "REST_SERVER_TIMING",
    BOOLEAN,
    "true",
    "Tells in `Server-Timing` how long a request waited, what for, and how long Discord took.",
  ),
  metricsPort: row(
    "REST_METRICS_PORT",
    OPTIONAL_PORT,
    "",
    "A port that serves `/metrics` alone, without a key, at the address of `REST_HOST`. Without it `/metrics` is at `REST_PORT`, for keys with the right `admin`.",
  ),
  bodyLimitMib: row(
    "REST_BODY_LIMIT_MIB",
    integer(1, 512, "MiB"),
    "110",
    "The largest request body. Discord accepts 10 to 100 MiB, depending on server and subscription, and rarely 500.",
  ),
  heldLimitMib: row(
    "REST_HELD_LIMIT_MIB",
    integer(1, 65_536, "MiB"),
    "512",
    "Memory for request bodies of all callers together. When it is full, bodies are read further as others are done. A quarter is for callers without a key, and of either part a quarter for small bodies and callbacks.",
  ),
  keptLimitMib: row(
    "REST_KEPT_LIMIT_MIB",
    integer(1, 65_536, "MiB"),
    "512",
    "Memory for the bodies of answers that are kept for callers who ask again: sessions over WebSockets, `Idempotency-Key`, `Prefer: respond-async`, writes whose caller left. When it is full, the oldest bodies are given up first; that there was an answer is remembered.",
  ),
  outboundProxy: row(
    "REST_OUTBOUND_PROXY",
    OUTBOUND_PROXY,
    "",
    "A forward proxy that all connections to Discord go through; `HTTPS_PROXY` and its like are not read.",
  ),
  outboundAddress: row(
    "REST_OUTBOUND_ADDRESS",
    ADDRESS,
    "",
    "The address of this machine that connections to Discord come from, where it has several.",
  ),
  upstreamConnections: row(
    "REST_UPSTREAM_CONNECTIONS",
    integer(1, 4_096, "connections"),
    "256",
    "Connections to Discord. Each carries one request at a time.",
  ),
  upstreamTimeoutMs: row(
    "REST_UPSTREAM_TIMEOUT_MS",
    integer(1_000, 600_000, "ms"),
    "60000",
    "How long Discord may take to answer one request. It usually needs less than a second, and longer for large uploads; Cloudflare gives up after 100 s.",
  ),
  maxWaitMs: row(
    "REST_MAX_WAIT_MS",
    integer(100, 3_600_000, "ms"),
    "240000",
    "How long a request may wait in the queue; after that the caller gets a 429.",
  ),
  drainMs: row(
    "REST_DRAIN_MS",
    integer(0, 600_000, "ms"),
    "25000",
    "How long requests are still served after SIGTERM, unless nothing waits before. Kubernetes kills a process 30 s after it.",
  ),
  globalLimit: row(
    "REST_GLOBAL_LIMIT",
    GLOBAL_LIMIT,
    "50",
    "Requests per second that Discord allows a bot over all routes; with `auto` the proxy asks Discord every hour and never goes below 50.",
  ),
  globalLimits: row(
    "REST_GLOBAL_LIMITS",
    LIMITS,
    "",
    "Bots with a different global limit.",
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
    "Requests that may wait at once; further callers get a 429. With several keys, one key may use at most four times what is still free.",
  ),
  lineLimit: row(
    "REST_LINE_LIMIT",
    integer(1, 1_000_000, "requests"),
    "10000",
    "Requests that may wait at once for the same bucket, so that a single channel cannot fill the queue. A caller below its share is still admitted.",
  ),
  messageNonce: row(
    "REST_MESSAGE_NONCE",
    oneOf("off", "add"),
    "off",
    "`add` gives messages without a nonce one, with `enforce_nonce`, so that they may be sent again after a 5xx, a time-out or a cut connection and are made once. It changes their bodies.",
  ),
  isSingleFlight: row(
    "REST_SINGLE_FLIGHT",
    BOOLEAN,
    "false",
    "Answers identical reads that wait at the same time with one request.",
  ),
  adoptMs: row(
    "REST_ADOPT_MS",
    integer(0, 3_600_000, "ms"),
    "60000",
    "How long the answer to a POST whose caller left waits for the same POST to come again, which is then not sent a second time. With `0` no write is taken for the second try of another.",
  ),
  journalFile: {
    ...row(
      "REST_JOURNAL",
      FILE,
      "",
      "The file in which accepted requests outlive the proxy, a database that is made where there is none. Without it nothing does.",
    ),
    example: "journal/sluice.db",
  },
  journalWrites: {
    ...row(
      "REST_JOURNAL_WRITES",
      oneOf("promised", "all"),
      "promised",
      "Which writes are kept in the journal: `promised` those whose callers were promised more than an answer (sessions, `Idempotency-Key`, `respond-async`) or have left; `all` every one, so that an unmodified library loses nothing either.",
    ),
    example: "all",
  },
  journalKey: row(
    "REST_JOURNAL_KEY",
    JOURNAL_KEY,
    "",
    "The key that encrypts bodies and answers in the journal. Without it what holds a token of a webhook or interaction is kept in memory only.",
  ),
  journalKeyFile: row(
    "REST_JOURNAL_KEY_FILE",
    FILE,
    "",
    "A file that holds that key, in place of `REST_JOURNAL_KEY`. Read at the start.",
  ),
  journalSync: row(
    "REST_JOURNAL_SYNC",
    oneOf("process", "machine"),
    "process",
    "What the journal survives: the end of the process, or a power cut, too, which adds milliseconds to every promise.",
  ),
  journalLimitMib: row(
    "REST_JOURNAL_LIMIT_MIB",
    integer(8, 1_048_576, "MiB"),
    "1024",
    "How large the journal may become. When it is full, new promises get 503 `journal_full`; everything else goes on.",
  ),
  isJournalReset: row(
    "REST_JOURNAL_RESET",
    BOOLEAN,
    "false",
    "Sets a damaged journal aside under another name and begins a new one, instead of refusing to start.",
  ),
  redisUrl: row(
    "REST_REDIS_URL",
    REDIS_URL,
    "",
    "A Redis 7 or Valkey 8 through which several proxies for the same bots agree on who sends. Without it this proxy is alone.",
  ),
  peerUrl: row(
    "REST_PEER_URL",
    PEER_URL,
    "",
    "Where the other proxies reach this one: it listens there for them, over TLS where it begins with https. Wanted beside `REST_REDIS_URL`.",
  ),
  peerKey: row(
    "REST_PEER_KEY",
    OPTIONAL_KEY,
    "",
    "The key that proxies send one another, the same for all of them and for nobody else. Wanted beside the other settings of several proxies.",
  ),
  ownerUrl: row(
    "REST_OWNER_URL",
    PEER_URL,
    "",
    "The `REST_PEER_URL` of a proxy that this one hands its requests to, in place of sending them itself and without Redis: for serverless hosts. Interactions are still answered from here.",
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
    "`pretty` for people, `json` for machines; `auto` is `pretty` on a terminal and `json` elsewhere.",
  ),
};
