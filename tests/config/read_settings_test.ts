import assert from "node:assert/strict";
import { readSettings } from "../../rest/config/read_settings.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { SETTINGS, type Settings } from "../../rest/config/settings.ts";

const KEY = "0123456789abcdef";
const APPLICATION_ID = "123456789012345678";
const TOKEN = `${btoa(APPLICATION_ID)}.GaBcDe.fake-token_for-tests-only`;

Deno.test("a key is all it takes; everything else has its documented default", () => {
  const { authorization, ...others } = settingsOf({});
  assert.equal(authorization.reveal(), KEY);
  assert.deepEqual(others, {
    discordToken: undefined,
    discordTokenFile: undefined,
    authorizationFile: undefined,
    tokensFile: undefined,
    keysFile: undefined,
    rulesFile: undefined,
    port: 8_000,
    host: "127.0.0.1",
    tlsCertFile: undefined,
    tlsKeyFile: undefined,
    socket: undefined,
    origins: new Set(),
    trustedProxies: [],
    connectionLimit: 10_000,
    addressConnectionLimit: 0,
    headTimeoutMs: 10_000,
    idleTimeoutMs: 120_000,
    bodyTimeoutMs: 60_000,
    upstream: "https://discord.com/api",
    apiVersion: 10,
    isKeyInPathAllowed: false,
    openTokenRoutes: "known",
    isRepHeaderRequired: false,
    repHeaders: new Set(),
    areRateLimitHeadersStripped: false,
    isServerTimingOn: true,
    metricsPort: undefined,
    bodyLimitMib: 110,
    heldLimitMib: 512,
    keptLimitMib: 512,
    outboundProxy: undefined,
    outboundAddress: undefined,
    upstreamConnections: 256,
    upstreamTimeoutMs: 60_000,
    maxWaitMs: 240_000,
    drainMs: 25_000,
    globalLimit: 50,
    globalLimits: new Map(),
    invalidLimit: 9_000,
    queueLimit: 100_000,
    lineLimit: 10_000,
    messageNonce: "off",
    isSingleFlight: false,
    journalFile: undefined,
    journalWrites: "promised",
    journalKey: undefined,
    journalKeyFile: undefined,
    journalSync: "process",
    journalLimitMib: 1_024,
    isJournalReset: false,
    redisUrl: undefined,
    peerUrl: undefined,
    peerKey: undefined,
    adoptMs: 60_000,
    ownerUrl: undefined,
    logLevel: "info",
    logFormat: "auto",
  });
});

Deno.test("every row of the table is read from its own name, but for two that contradict others", () => {
  const given: Record<string, string> = {
    DISCORD_TOKEN: TOKEN,
    DISCORD_TOKEN_FILE: "/run/token",
    DISCORD_TOKENS_FILE: "/run/tokens.json",
    REST_AUTHORIZATION: KEY + KEY,
    REST_AUTHORIZATION_FILE: "/run/key",
    REST_KEYS_FILE: "keys.json",
    REST_RULES_FILE: "rules.json",
    REST_PORT: "0",
    REST_HOST: "::1",
    REST_TLS_CERT: "/tls/cert.pem",
    REST_TLS_KEY: "/tls/key.pem",
    REST_ORIGINS: "https://a.example, HTTP://[::1]:8080",
    REST_TRUSTED_PROXIES: "10.0.0.0/8, ::1",
    REST_CONNECTION_LIMIT: "20",
    REST_ADDRESS_CONNECTION_LIMIT: "21",
    REST_HEAD_TIMEOUT_MS: "2200",
    REST_IDLE_TIMEOUT_MS: "2300",
    REST_BODY_TIMEOUT_MS: "2400",
    REST_UPSTREAM: "http://127.0.0.1:9000/x/",
    REST_API_VERSION: "9",
    REST_KEY_IN_PATH: "true",
    REST_OPEN_TOKEN_ROUTES: "true",
    REST_REP_REQUIRE_HEADER: "true",
    REST_REP_HEADERS: "X-Discord-Locale, accept-language",
    REST_STRIP_RATELIMIT_HEADERS: "true",
    REST_SERVER_TIMING: "false",
    REST_METRICS_PORT: "9090",
    REST_BODY_LIMIT_MIB: "1",
    REST_HELD_LIMIT_MIB: "2",
    REST_KEPT_LIMIT_MIB: "3",
    REST_OUTBOUND_PROXY: "https://user:pa%24s@proxy.example:3128",
    REST_OUTBOUND_ADDRESS: "192.0.2.7",
    REST_UPSTREAM_CONNECTIONS: "3",
    REST_UPSTREAM_TIMEOUT_MS: "4000",
    REST_MAX_WAIT_MS: "500",
    REST_DRAIN_MS: "6",
    REST_GLOBAL_LIMIT: "7",
    REST_GLOBAL_LIMITS: `${APPLICATION_ID}=500, 1234567890123456789=1200`,
    REST_INVALID_LIMIT: "8",
    REST_QUEUE_LIMIT: "9",
    REST_LINE_LIMIT: "10",
    REST_MESSAGE_NONCE: "add",
    REST_SINGLE_FLIGHT: "true",
    REST_JOURNAL: "/var/lib/sluice/journal.db",
    REST_JOURNAL_WRITES: "all",
    REST_JOURNAL_KEY: "0123456789abcdef".repeat(4),
    REST_JOURNAL_KEY_FILE: "/run/journal-key",
    REST_JOURNAL_SYNC: "machine",
    REST_JOURNAL_LIMIT_MIB: "11",
    REST_JOURNAL_RESET: "true",
    REST_REDIS_URL: "rediss://user:pass@redis.example/1",
    REST_PEER_URL: "https://10.0.0.5:8001/",
    REST_PEER_KEY: KEY + KEY + KEY,
    REST_ADOPT_MS: "9",
    REST_LOG_LEVEL: "error",
    REST_LOG_FORMAT: "json",
  };
  const names = Object.values(SETTINGS).map((setting) => setting.name);
  const apart = ["REST_SOCKET", "REST_OWNER_URL"];
  assert.deepEqual([...Object.keys(given), ...apart].sort(), names.sort());

  const { discordToken, authorization, journalKey, ...others } = settingsOf(
    given,
  );
  assert.equal(discordToken?.reveal(), TOKEN);
  assert.equal(journalKey?.reveal(), "0123456789abcdef".repeat(4));
  assert.equal(authorization.reveal(), KEY + KEY);
  assert.deepEqual(others, {
    discordTokenFile: "/run/token",
    tokensFile: "/run/tokens.json",
    authorizationFile: "/run/key",
    keysFile: "keys.json",
    rulesFile: "rules.json",
    port: 0,
    host: "::1",
    tlsCertFile: "/tls/cert.pem",
    tlsKeyFile: "/tls/key.pem",
    socket: undefined,
    origins: new Set(["https://a.example", "http://[::1]:8080"]),
    trustedProxies: ["10.0.0.0/8", "::1"],
    connectionLimit: 20,
    addressConnectionLimit: 21,
    headTimeoutMs: 2_200,
    idleTimeoutMs: 2_300,
    bodyTimeoutMs: 2_400,
    upstream: "http://127.0.0.1:9000/x",
    apiVersion: 9,
    isKeyInPathAllowed: true,
    openTokenRoutes: "true",
    isRepHeaderRequired: true,
    repHeaders: new Set(["x-discord-locale", "accept-language"]),
    areRateLimitHeadersStripped: true,
    isServerTimingOn: false,
    metricsPort: 9_090,
    bodyLimitMib: 1,
    heldLimitMib: 2,
    keptLimitMib: 3,
    outboundProxy: {
      isTls: true,
      hostname: "proxy.example",
      port: 3128,
      authorization: new Secret("Basic dXNlcjpwYSRz"),
    },
    outboundAddress: "192.0.2.7",
    upstreamConnections: 3,
    upstreamTimeoutMs: 4_000,
    maxWaitMs: 500,
    drainMs: 6,
    globalLimit: 7,
    globalLimits: new Map([[APPLICATION_ID, 500], [
      "1234567890123456789",
      1_200,
    ]]),
    invalidLimit: 8,
    queueLimit: 9,
    lineLimit: 10,
    messageNonce: "add",
    isSingleFlight: true,
    journalFile: "/var/lib/sluice/journal.db",
    journalWrites: "all",
    journalKeyFile: "/run/journal-key",
    journalSync: "machine",
    journalLimitMib: 11,
    isJournalReset: true,
    redisUrl: new Secret("rediss://user:pass@redis.example/1"),
    peerUrl: "https://10.0.0.5:8001",
    peerKey: new Secret(KEY + KEY + KEY),
    adoptMs: 9,
    ownerUrl: undefined,
    logLevel: "error",
    logFormat: "json",
  });
});

Deno.test("every mistake has its line, all at once", () => {
  assert.deepEqual(
    problemsOf({
      DISCORD_TOKEN: "hunter2hunter2",
      REST_AUTHORIZATION: "short-secret",
      REST_PORT: "80a",
      REST_HOST: "localhost:80",
      REST_UPSTREAM: "ftp://x",
      REST_API_VERSION: "7",
      REST_KEY_IN_PATH: "yes",
      REST_BODY_LIMIT_MIB: "0",
      REST_MAX_WAIT_MS: "-1",
      REST_GLOBAL_LIMITS: "1=2",
      REST_LOG_LEVEL: "loud",
    }),
    [
      "DISCORD_TOKEN is a secret of 14 characters: want a token as Discord's developer portal shows it, three parts joined by dots, of which the first is the bot's id in base64",
      "REST_AUTHORIZATION is a secret of 12 characters: want 16 to 256 visible ASCII characters; make one with: deno task key",
      'REST_PORT is "80a": want a whole number from 0 to 65535',
      'REST_HOST is "localhost:80": want an address or a host name without a port, such as 127.0.0.1 or ::1',
      'REST_UPSTREAM is "ftp://x": want an http or https URL without user, query, fragment or version, such as https://discord.com/api',
      'REST_API_VERSION is "7": want a whole number from 8 to 99',
      'REST_KEY_IN_PATH is "yes": want true or false',
      'REST_BODY_LIMIT_MIB is "0": want a whole number of MiB from 1 to 512',
      'REST_MAX_WAIT_MS is "-1": want a whole number of ms from 100 to 3600000',
      'REST_GLOBAL_LIMITS is "1=2": want applicationId=limit pairs joined by commas, each limit from 1 to 10000',
      'REST_LOG_LEVEL is "loud": want debug, info, warn or error',
    ],
  );
});

Deno.test("a missing key is a problem, an empty one is a missing one", () => {
  const problem =
    "REST_AUTHORIZATION is not set: want 16 to 256 visible ASCII characters; make one with: deno task key";
  assert.deepEqual(problemsOf({ REST_AUTHORIZATION: undefined }), [problem]);
  assert.deepEqual(problemsOf({ REST_AUTHORIZATION: " \n" }), [problem]);
});

Deno.test("a key has 16 to 256 visible ASCII characters", () => {
  const isTaken = (key: string) => readSettings({ REST_AUTHORIZATION: key }).ok;
  assert.ok(!isTaken("k".repeat(15)));
  assert.ok(isTaken("k".repeat(16)));
  assert.ok(isTaken("k".repeat(256)));
  assert.ok(!isTaken("k".repeat(257)));
  assert.ok(!isTaken("key with a blank in it"));
  assert.ok(!isTaken("schlüssel-schlüssel"));
});

Deno.test("each number is taken at its bounds and refused beyond them", () => {
  for (const { name, kind, fallback } of Object.values(SETTINGS)) {
    const [, min, max] =
      /whole number.* from (\d+) to (\d+)$/.exec(kind.wanted) ?? [];
    if (min === undefined || max === undefined) continue;
    for (const text of [min, max, fallback]) {
      assert.equal(kind.parse(text), Number(text), `${name}=${text}`);
    }
    const bad = [
      `${Number(min) - 1}`,
      `${Number(max) + 1}`,
      "1.5",
      "1e3",
      "0x10",
      "",
      " 9",
    ];
    for (const text of bad) {
      assert.equal(kind.parse(text), undefined, `${name}=${text}`);
    }
  }
});

Deno.test("a line feed at the end of a secret from a file is not part of it", () => {
  assert.equal(
    settingsOf({ REST_AUTHORIZATION: `${KEY}\n` }).authorization.reveal(),
    KEY,
  );
});

Deno.test("an unknown REST_ name is a slip, named with its nearest setting and without its value", () => {
  const env = {
    REST_AUTHORISATION: "a-misspelt-key-is-a-key",
    REST_BODY_LIMIT: "5",
    REST_SOMETHING_ELSE: "1",
    RESTIC_PASSWORD: "not ours",
  };
  assert.deepEqual(problemsOf(env), [
    "REST_AUTHORISATION is not a setting, did you mean REST_AUTHORIZATION?",
    "REST_BODY_LIMIT is not a setting, did you mean REST_BODY_LIMIT_MIB?",
    "REST_SOMETHING_ELSE is not a setting",
  ]);
});

Deno.test("a DISCORD_ name that is nearly a setting is a slip", () => {
  assert.deepEqual(
    problemsOf({ DISCORD_TOKN: "x", DISCORD_TOKENS_FIEL: "y" }),
    [
      "DISCORD_TOKENS_FIEL is not a setting, did you mean DISCORD_TOKENS_FILE?",
      "DISCORD_TOKN is not a setting, did you mean DISCORD_TOKEN?",
    ],
  );
});

Deno.test("a token by another name is a slip where DISCORD_TOKEN is not set", () => {
  const other = { DISCORD_BOT_TOKEN: TOKEN };
  assert.deepEqual(problemsOf({ ...other, DISCORD_TOKEN: "" }), [
    "DISCORD_BOT_TOKEN is not a setting, did you mean DISCORD_TOKEN?",
  ]);
  assert.deepEqual(problemsOf({ ...other, DISCORD_TOKEN: TOKEN }), []);
});

Deno.test("other DISCORD_ names are a bot's own business", () => {
  const env = {
    DISCORD_CLIENT_ID: "1",
    DISCORD_GUILD_ID: "1",
    DISCORD_KEY: "1",
    DISCORD_OWNER: "1",
    DISCORD_PUBLIC_KEY: "1",
  };
  assert.deepEqual(problemsOf(env), []);
});

Deno.test("no secret is in a problem, a note or the settings as printed", () => {
  const secrets = [TOKEN, "a-password", KEY];
  const reads = [
    readSettings({ REST_AUTHORIZATION: KEY, DISCORD_TOKEN: `Bot ${TOKEN}` }),
    readSettings({
      DISCORD_TOKEN: `${TOKEN}.x`,
      REST_AUTHORIZATION: `${KEY} ` + TOKEN,
    }),
    readSettings({ REST_UPSTREAM: "https://me:a-password@example.com/api" }),
    readSettings({ REST_UPSTREAM: "//me:a-password@example.com/api" }),
  ];
  for (const read of reads) {
    for (
      const text of [JSON.stringify(read), Deno.inspect(read, { depth: 9 })]
    ) {
      for (const secret of secrets) assert.ok(!text.includes(secret), text);
    }
  }
});

Deno.test("a token is taken with Bot in front, and the operator told so", () => {
  const read = readSettings({
    REST_AUTHORIZATION: KEY,
    DISCORD_TOKEN: `Bot ${TOKEN}`,
  });
  assert.ok(read.ok);
  assert.equal(read.settings.discordToken?.reveal(), TOKEN);
  assert.deepEqual(read.notes, [
    "DISCORD_TOKEN begins with Bot, which is not part of it",
  ]);
});

Deno.test("without a token the operator is told who is served", () => {
  const read = readSettings({ REST_AUTHORIZATION: KEY });
  assert.ok(read.ok);
  assert.deepEqual(read.notes, [
    "DISCORD_TOKEN is not set: only callers that bring their own token are served",
  ]);
});

Deno.test("tokens without an id in front, or without three parts, are refused", () => {
  const [first = "", second = "", third = ""] = TOKEN.split(".");
  const bad = [
    `${second}.${second}.${third}`,
    `${first}.${second}`,
    `${first}.${second}.`,
    `${TOKEN}.${third}`,
    `${btoa("12345")}.${second}.${third}`,
    `Bearer ${TOKEN}`,
    `${first}.${second}.thi rd`,
  ];
  for (const token of bad) {
    assert.equal(problemsOf({ DISCORD_TOKEN: token }).length, 1, token);
  }
});

Deno.test("the upstream is kept without its last slash, or refused", () => {
  const upstreams: [given: string, kept: string | undefined][] = [
    ["https://discord.com/api/", "https://discord.com/api"],
    ["https://canary.discord.com/api", "https://canary.discord.com/api"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://[::1]:8080/", "http://[::1]:8080"],
    ["https://discord.com/api/v10", undefined],
    ["https://discord.com/api/v10/", undefined],
    ["https://user@discord.com/api", undefined],
    ["https://discord.com/api?", undefined],
    ["https://discord.com/api#", undefined],
    ["discord.com/api", undefined],
    ["file:///etc/passwd", undefined],
  ];
  for (const [given, kept] of upstreams) {
    const read = readSettings({
      REST_AUTHORIZATION: KEY,
      REST_UPSTREAM: given,
    });
    assert.equal(read.ok ? read.settings.upstream : undefined, kept, given);
  }
});

Deno.test("plain http to another machine is worth a note, to this one it is not", () => {
  const notesFor = (upstream: string) => {
    const read = readSettings({
      REST_AUTHORIZATION: KEY,
      DISCORD_TOKEN: TOKEN,
      REST_UPSTREAM: upstream,
    });
    return read.ok ? read.notes : undefined;
  };
  assert.deepEqual(notesFor("http://127.0.0.1:9/api"), []);
  assert.deepEqual(notesFor("http://localhost/api"), []);
  assert.deepEqual(notesFor("http://localhost.example/api"), [
    "REST_UPSTREAM is not https: tokens can be read on the way there",
  ]);
});

Deno.test("a body limit above what can be held is a contradiction", () => {
  const problem =
    "REST_BODY_LIMIT_MIB is 110: want at most REST_HELD_LIMIT_MIB, which is 109";
  assert.deepEqual(problemsOf({ REST_HELD_LIMIT_MIB: "110" }), []);
  assert.deepEqual(problemsOf({ REST_HELD_LIMIT_MIB: "109" }), [problem]);
});

Deno.test("a key that cannot stand in a path contradicts REST_KEY_IN_PATH", () => {
  const env = { REST_AUTHORIZATION: KEY + "/" };
  assert.deepEqual(problemsOf(env), []);
  assert.deepEqual(problemsOf({ ...env, REST_KEY_IN_PATH: "true" }), [
    "REST_AUTHORIZATION cannot stand in a path: with REST_KEY_IN_PATH want letters, digits and - . _ ~ only, which stand in a path as they are",
  ]);
});

Deno.test("REST_SOCKET takes the place of the port, and up to 103 bytes", () => {
  assert.equal(settingsOf({ REST_SOCKET: "/run/s" }).socket, "/run/s");
  const longest = "/" + "é".repeat(51);
  assert.equal(settingsOf({ REST_SOCKET: longest }).socket, longest);
  assert.deepEqual(problemsOf({ REST_SOCKET: longest + "x" }), [
    `REST_SOCKET is "${longest}x": want a path of at most 103 bytes`,
  ]);
});

Deno.test("a certificate wants its key, and a key its certificate", () => {
  assert.deepEqual(problemsOf({ REST_TLS_CERT: "c" }), [
    "REST_TLS_KEY is not set: want it beside REST_TLS_CERT",
  ]);
  assert.deepEqual(problemsOf({ REST_TLS_KEY: "k" }), [
    "REST_TLS_CERT is not set: want it beside REST_TLS_KEY",
  ]);
  assert.deepEqual(problemsOf({ REST_TLS_CERT: "c", REST_TLS_KEY: "k" }), []);
});

Deno.test("a setting of several proxies is wanted with those that it does nothing without", () => {
  const wanted = problemsOf({ REST_REDIS_URL: "redis://127.0.0.1" });
  assert.deepEqual(wanted, [
    "REST_PEER_URL is not set: want it beside REST_REDIS_URL, an http or https URL without user, path and query, such as http://10.0.0.5:8001",
    "REST_PEER_KEY is not set: want it beside REST_REDIS_URL, 16 to 256 visible ASCII characters; make one with: deno task key",
  ]);
  const url = "http://10.0.0.1:1";
  const keyless = problemsOf({ REST_PEER_URL: url });
  assert.match(keyless.join(), /^REST_PEER_KEY is not set: [^,]*PEER_URL,/);
  assert.deepEqual(
    problemsOf({ REST_PEER_KEY: KEY, REST_PEER_URL: url }),
    [],
  );
});

Deno.test("a proxy hands everything to an owner, or finds owners through Redis", () => {
  const door = { REST_OWNER_URL: "http://10.0.0.1:1", REST_PEER_KEY: KEY };
  assert.deepEqual(problemsOf(door), []);
  const both = {
    ...door,
    REST_PEER_URL: "http://a",
    REST_REDIS_URL: "redis://a",
  };
  assert.deepEqual(problemsOf(both), [
    "REST_OWNER_URL is set beside REST_REDIS_URL: want one of them, since Redis tells the owner",
  ]);
});

Deno.test("REST_REDIS_URL takes what names a Redis, and its password is not shown", () => {
  const { kind } = SETTINGS.redisUrl;
  for (
    const url of ["redis://a", "rediss://u:p@a:1", "redis://:p@[::1]:6379/15"]
  ) {
    assert.notEqual(kind.parse(url), undefined, url);
  }
  for (const url of ["http://a", "a:6379", "redis://a/x", "redis://a/?x"]) {
    assert.equal(kind.parse(url), undefined, url);
  }
  assert.equal(
    kind.show("http://user:a-password@redis.example"),
    '"http://[secret]@redis.example"',
  );
});

Deno.test("a Unix socket with TLS is a contradiction", () => {
  const env = { REST_TLS_CERT: "c", REST_TLS_KEY: "k", REST_SOCKET: "/s" };
  assert.deepEqual(problemsOf(env), [
    'REST_SOCKET is "/s": want it without REST_TLS_CERT and REST_TLS_KEY, since a Unix socket carries no TLS',
  ]);
});

Deno.test("without a bot's token it is said whom that leaves, but not beside a file of tokens", () => {
  const notesFor = (env: Env) => {
    const read = readSettings({ REST_AUTHORIZATION: KEY, ...env });
    return read.ok ? read.notes : undefined;
  };
  assert.deepEqual(notesFor({}), [
    "DISCORD_TOKEN is not set: only callers that bring their own token are served",
  ]);
  assert.deepEqual(notesFor({ DISCORD_TOKENS_FILE: "t" }), []);
});

Deno.test("a key for a journal that is not kept is told, beside a journal of either kind it is not", () => {
  const notesFor = (env: Env) => {
    const read = readSettings({
      REST_AUTHORIZATION: KEY,
      DISCORD_TOKEN: TOKEN,
      REST_JOURNAL_KEY: "0123456789abcdef".repeat(4),
      ...env,
    });
    return read.ok ? read.notes : undefined;
  };
  assert.deepEqual(notesFor({}), [
    "REST_JOURNAL_KEY is set, but no journal is: set REST_JOURNAL, or nothing outlives the proxy",
  ]);
  assert.deepEqual(notesFor({ REST_JOURNAL: "j.db" }), []);
  const cluster = {
    REST_REDIS_URL: "redis://r",
    REST_PEER_URL: "https://10.0.0.5:8001/",
    REST_PEER_KEY: KEY + KEY + KEY,
  };
  assert.deepEqual(notesFor(cluster), []);
});

Deno.test("global limits name each bot once", () => {
  const isTaken = (text: string) =>
    problemsOf({ REST_GLOBAL_LIMITS: text }).length === 0;
  assert.ok(isTaken(`${APPLICATION_ID}=1`));
  assert.ok(isTaken(`${APPLICATION_ID}=10000`));
  assert.ok(!isTaken(`${APPLICATION_ID}=0`));
  assert.ok(!isTaken(`${APPLICATION_ID}=10001`));
  assert.ok(!isTaken(`${APPLICATION_ID}=5,`));
  assert.ok(!isTaken(`${APPLICATION_ID}=5,${APPLICATION_ID}=6`));
});

Deno.test("a bad value is shown up to 80 characters, escaped", () => {
  const [problem = ""] = problemsOf({
    REST_PORT: "\u001b[31m" + "9".repeat(500),
  });
  assert.ok(problem.startsWith('REST_PORT is "\\u001b[31m999'), problem);
  assert.ok(problem.length < 200, problem);
});

type Env = Record<string, string | undefined>;

function settingsOf(env: Env): Settings {
  const read = readSettings({ REST_AUTHORIZATION: KEY, ...env });
  assert.ok(read.ok, read.ok ? "" : read.problems.join("\n"));
  return read.settings;
}

function problemsOf(env: Env): readonly string[] {
  const read = readSettings({ REST_AUTHORIZATION: KEY, ...env });
  return read.ok ? [] : read.problems;
}

Deno.test("an outbound proxy is a URL of scheme, host, port and perhaps credentials", () => {
  const proxyIn = (text: string) => {
    const { outboundProxy } = settingsOf({ REST_OUTBOUND_PROXY: text });
    const { authorization, ...place } = outboundProxy ?? {};
    return { ...place, authorization: authorization?.reveal() };
  };
  assert.deepEqual(proxyIn("http://127.0.0.1:3128"), {
    isTls: false,
    hostname: "127.0.0.1",
    port: 3128,
    authorization: undefined,
  });
  assert.deepEqual(proxyIn("https://[::1]/"), {
    isTls: true,
    hostname: "::1",
    port: 443,
    authorization: undefined,
  });
  // `ann:p@ss:wörd`
  assert.deepEqual(proxyIn("http://ann:p%40ss%3Aw%C3%B6rd@proxy.example"), {
    isTls: false,
    hostname: "proxy.example",
    port: 80,
    authorization: "Basic YW5uOnBAc3M6d8O2cmQ=",
  });
});

Deno.test("what is no outbound proxy is refused without showing its password", () => {
  for (
    const [text, shown] of [
      ["socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080"],
      ["127.0.0.1:3128", "127.0.0.1:3128"],
      ["http://proxy.example/path", "http://proxy.example/path"],
      ["http://proxy.example/?q", "http://proxy.example/?q"],
      ["http://ann:%zz@proxy.example", "http://[secret]@proxy.example"],
      ["ftp://ann:hunter2@proxy.example", "ftp://[secret]@proxy.example"],
    ] as const
  ) {
    assert.deepEqual(problemsOf({ REST_OUTBOUND_PROXY: text }), [
      `REST_OUTBOUND_PROXY is "${shown}": want an http or https URL without a path, such as http://user:password@proxy.example:3128`,
    ]);
  }
});

Deno.test("an outbound address is an address, not a name, a port or an interface", () => {
  const addressIn = (text: string) =>
    settingsOf({ REST_OUTBOUND_ADDRESS: text }).outboundAddress;
  for (const text of ["127.0.0.2", "255.255.255.255", "::1", "2001:db8::7"]) {
    assert.equal(addressIn(text), text);
  }
  const bad = ["eth0", "256.0.0.1", "1.2.3", "1.2.3.4.", "1.2.3.4:5", "[::1]"];
  for (const text of bad) {
    assert.deepEqual(problemsOf({ REST_OUTBOUND_ADDRESS: text }), [
      `REST_OUTBOUND_ADDRESS is "${text}": want an IPv4 or IPv6 address of this machine, such as 192.0.2.1`,
    ]);
  }
});

for (
  const name of [
    "Authorization",
    "cookie",
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "X-B3-TraceId",
    "sentry-trace",
    "x-datadog-trace-id",
    "x-request-id",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "accept-encoding",
    "content-type",
    "User-Agent",
  ]
) {
  Deno.test(`REST_REP_HEADERS does not take ${name}, and says why`, () => {
    assert.deepEqual(
      problemsOf({ REST_REP_HEADERS: `x-discord-locale,${name}` }),
      [
        `REST_REP_HEADERS is "x-discord-locale,${name}": want names of headers joined by commas, none that never goes to Discord (such as authorization, cookie, traceparent) or that the proxy writes itself (such as accept-encoding, content-type, user-agent)`,
      ],
    );
  });
}
