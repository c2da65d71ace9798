import { KEY } from "../_proxy.ts";

/** Something a hostile caller may send, and what comes of it. */
export interface Attempt {
  /** As SECURITY.md tells it. */
  readonly tried: string;
  /** As SECURITY.md tells it: every answer in turn, and whether the connection was closed. */
  readonly cameBack: string;
  /** One character per byte. `decoy` is a host and port that nobody may reach. */
  readonly bytes: (decoy: string) => string;
  /** What reached Discord; nothing unless said. */
  readonly reached?: readonly string[];
  /** How it goes on after the bytes: sending is ended, or time passes. */
  readonly then?: "end" | { readonly afterMs: number };
  /** The proxy still expects bytes of the request: nothing more can be asked on its connection. */
  readonly isUnfinished?: true;
  /** So long that the refusal may be lost in the reset that follows it. */
  readonly isLong?: true;
  /** Answers have no body. */
  readonly isHead?: true;
}

export interface AttemptGroup {
  readonly title: string;
  readonly attempts: readonly Attempt[];
}

const HOST = "Host: x\r\n";
const AUTH = `Authorization: ${KEY}\r\n`;
const JSON_TYPE = "Content-Type: application/json\r\n";
const BODY = '{"content":"x"}';
const MESSAGES = "/api/v10/channels/1/messages";
const ME = "/api/v10/users/@me";

/** A request without a key, hidden where a body stands: whoever miscounts would run it. */
const HIDDEN = "GET /api/v10/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

const UNREADABLE = "400 `bad_request`, closed";
const TOO_LONG = "431 `head_too_large`, closed";
const ANSWERED = "Discord's answer";
const POSTED = `POST ${MESSAGES} ${BODY.length}`;
const READ = `GET ${ME} 0`;

/** A message whose framing is written out. */
function post(framing: string, body: string): () => string {
  return () =>
    `POST ${MESSAGES} HTTP/1.1\r\n${HOST}${AUTH}${JSON_TYPE}${framing}\r\n${body}`;
}

/** A message in chunks, from the first chunk's size on. */
function chunked(body: string): () => string {
  return post("Transfer-Encoding: chunked\r\n", body);
}

function get(target: string, lines = ""): () => string {
  return () => `GET ${target} HTTP/1.1\r\n${HOST}${AUTH}${lines}\r\n`;
}

function withMethod(method: string): () => string {
  return () => `${method} ${ME} HTTP/1.1\r\n${HOST}${AUTH}\r\n`;
}

function many(count: number): string {
  return Array.from({ length: count }, (_, n) => `X-${n}: a\r\n`).join("");
}

/** Attempts that all end alike. */
function alike(
  end: Omit<Attempt, "tried" | "bytes">,
  attempts: Readonly<Record<string, () => string>>,
): Attempt[] {
  return Object.entries(attempts).map(([tried, bytes]) => ({
    tried,
    bytes,
    ...end,
  }));
}

const framing: AttemptGroup = {
  title: "Request smuggling",
  attempts: [
    ...alike({ cameBack: UNREADABLE }, {
      "`Content-Length`, then `Transfer-Encoding: chunked`, a request hidden behind":
        post(
          "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n",
          `0\r\n\r\n${HIDDEN}`,
        ),
      "`Transfer-Encoding: chunked`, then `Content-Length`, a request hidden behind":
        post(
          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
          `0\r\n\r\n${HIDDEN}`,
        ),
      "two `Content-Length` that differ": post(
        "Content-Length: 15\r\nContent-Length: 3\r\n",
        BODY,
      ),
      "`Content-Length: 15, 15`": post("Content-Length: 15, 15\r\n", BODY),
      "`Content-Length: +15`": post("Content-Length: +15\r\n", BODY),
      "`Content-Length: -1`": post("Content-Length: -1\r\n", BODY),
      "`Content-Length: 0x0f`": post("Content-Length: 0x0f\r\n", BODY),
      "a `Content-Length` of 23 digits": post(
        "Content-Length: 99999999999999999999999\r\n",
        BODY,
      ),
      "an empty `Content-Length`": post("Content-Length:\r\n", BODY),
      "`Transfer-Encoding: gzip`": post("Transfer-Encoding: gzip\r\n", BODY),
      "`Transfer-Encoding: gzip, chunked`": post(
        "Transfer-Encoding: gzip, chunked\r\n",
        `f\r\n${BODY}\r\n0\r\n\r\n`,
      ),
      "`Transfer-Encoding: identity` beside a length": post(
        "Transfer-Encoding: identity\r\nContent-Length: 15\r\n",
        BODY,
      ),
      "`Transfer-Encoding: xchunked`": post(
        "Transfer-Encoding: xchunked\r\n",
        `f\r\n${BODY}\r\n0\r\n\r\n`,
      ),
      "`Transfer-Encoding: chunked` twice": post(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        `f\r\n${BODY}\r\n0\r\n\r\n`,
      ),
      "`Transfer-Encoding: chunked, identity`": post(
        "Transfer-Encoding: chunked, identity\r\n",
        `f\r\n${BODY}\r\n0\r\n\r\n`,
      ),
      "`Transfer-Encoding: <vertical tab>chunked` beside a length": post(
        "Transfer-Encoding: \x0bchunked\r\nContent-Length: 15\r\n",
        BODY,
      ),
      "a space before the colon of `Transfer-Encoding`": post(
        "Transfer-Encoding : chunked\r\nContent-Length: 15\r\n",
        BODY,
      ),
      "chunks from a caller of HTTP/1.0": () =>
        chunked(`f\r\n${BODY}\r\n0\r\n\r\n`)().replace("HTTP/1.1", "HTTP/1.0"),
    }),
    {
      tried: "two `Content-Length` that agree",
      bytes: post("Content-Length: 15\r\nContent-Length: 15\r\n", BODY),
      cameBack: UNREADABLE,
    },
    {
      tried: "a length that is right, a request without a key behind it",
      bytes: post("Content-Length: 15\r\n", BODY + HIDDEN),
      cameBack: `${ANSWERED}, 401 \`unauthorized\``,
      reached: [POSTED],
    },
    {
      tried: "a request hidden in the body of a GET (it crosses as a body)",
      bytes: () => get(ME, `Content-Length: ${HIDDEN.length}\r\n`)() + HIDDEN,
      cameBack: ANSWERED,
      reached: [`GET ${ME} ${HIDDEN.length}`],
    },
    {
      tried: "`Content-Length: 015`",
      bytes: post("Content-Length: 015\r\n", BODY),
      cameBack: ANSWERED,
      reached: [POSTED],
    },
    ...alike({ cameBack: ANSWERED, reached: [POSTED] }, {
      "`Transfer-Encoding: CHUNKED`": post(
        "Transfer-Encoding: CHUNKED\r\n",
        `f\r\n${BODY}\r\n0\r\n\r\n`,
      ),
      "a chunk extension": chunked(`f;a=b\r\n${BODY}\r\n0\r\n\r\n`),
      "a trailer that names another `Authorization` (it is dropped)": chunked(
        `f\r\n${BODY}\r\n0\r\nAuthorization: Bot evil\r\n\r\n`,
      ),
    }),
    ...alike({ cameBack: UNREADABLE }, {
      "a chunk size that is no number": chunked(`zz\r\n${BODY}\r\n0\r\n\r\n`),
      "a negative chunk size": chunked(`-f\r\n${BODY}\r\n0\r\n\r\n`),
      "a chunk size of `0xf`": chunked(`0xf\r\n${BODY}\r\n0\r\n\r\n`),
      "a chunk size beyond 64 bits": chunked(
        `fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`,
      ),
      "a chunk longer than its size": chunked(`3\r\n${BODY}\r\n0\r\n\r\n`),
      "a chunk size that ends in a bare LF": chunked(
        `f\n${BODY}\r\n0\r\n\r\n`,
      ),
      "a bare LF in a chunk extension": chunked(
        `f;a\nb\r\n${BODY}\r\n0\r\n\r\n`,
      ),
    }),
    {
      tried: "a chunk extension of 100,000 bytes",
      bytes: chunked(`f;${"a".repeat(100_000)}\r\n${BODY}\r\n0\r\n\r\n`),
      cameBack: ANSWERED,
      reached: [POSTED],
    },
    {
      tried: "pipelining: two good requests and a bad one",
      bytes: () =>
        get(ME)() + get("/api/v10/gateway")() + get("/api/v10/x/../y")(),
      cameBack: `${ANSWERED}, ${ANSWERED}, 400 \`bad_path\``,
      reached: [READ, "GET /api/v10/gateway 0"],
    },
  ],
};

const lineAndTarget: AttemptGroup = {
  title: "Request line and target",
  attempts: [
    ...alike({ cameBack: "400 `bad_path`" }, {
      "absolute form, another host": get(`http://evil.example${ME}`),
      "absolute form, our host as the user of another": get(
        `http://x@evil.example${ME}`,
      ),
      "absolute form, another host as the user of ours": get(
        `http://evil.example@x${ME}`,
      ),
      "absolute form, another port": get(`http://x:81${ME}`),
      "absolute form, `ftp:`": get(`ftp://x${ME}`),
      "`//host/…`": get(`//evil.example${ME}`),
      "`/api//host/…`": get(`/api//evil.example${ME}`),
      "`/..`": get("/api/v10/../gateway"),
      "`/%2e%2e`": get("/api/v10/%2e%2e/gateway"),
      "`/.%2E`": get("/api/v10/.%2E/gateway"),
      "`/%252e%252e` (encoded twice)": get("/api/v10/%252e%252e/gateway"),
      "`/%25252e%25252e` (encoded three times)": get(
        "/api/v10/%25252e%25252e/gateway",
      ),
      "encoded more than three times": get("/api/v10/%2525252e/gateway"),
      "`/..;` (a segment's parameters)": get("/api/v10/..;/gateway"),
      "`/%2e%2e%3bx=1`": get("/api/v10/%2e%2e%3bx=1/gateway"),
      "`/%c0%ae%c0%ae` (overlong UTF-8)": get(
        "/api/v10/%c0%ae%c0%ae/gateway",
      ),
      "`%e0%80%af` (overlong UTF-8)": get("/api/v10/users%e0%80%afgateway"),
      "`\\..\\`": get("/api/v10\\..\\gateway"),
      "`%5c..%5c`": get("/api/v10/%5c..%5cgateway"),
      "`..%2f`": get("/api/v10/..%2fgateway"),
      "`%2f..%2f`": get("/api/v10/users%2f..%2fgateway"),
      "`/.`": get("/api/v10/./gateway"),
      "`%00`": get("/api/v10/channels/%00"),
      "`%0d%0a` and a header behind it": get(
        "/api/v10/channels/%0d%0aX-Evil:%201",
      ),
      "a fragment": get("/api/v10/gateway#x"),
      "`OPTIONS *`": () => `OPTIONS * HTTP/1.1\r\n${HOST}${AUTH}\r\n`,
      "`GET *`": get("*"),
    }),
    {
      tried: "absolute form, a host that answers",
      bytes: (decoy) => get(`http://${decoy}${ME}`)(),
      cameBack: "400 `bad_path`",
    },
    {
      tried: "`@host` behind the host that `Host` names",
      bytes: (decoy) => get(`http://x:80@${decoy}${ME}`)(),
      cameBack: "400 `bad_path`",
    },
    {
      tried: "CONNECT to a host that answers",
      bytes: (decoy) => `CONNECT ${decoy} HTTP/1.1\r\n${HOST}${AUTH}\r\n`,
      cameBack: "400 `bad_path`, closed",
    },
    {
      tried: "CONNECT without a key",
      bytes: (decoy) => `CONNECT ${decoy} HTTP/1.1\r\nHost: ${decoy}\r\n\r\n`,
      cameBack: "400 `bad_path`, closed",
    },
    ...alike({ cameBack: "405 `bad_method`" }, {
      "OPTIONS": withMethod("OPTIONS"),
      "TRACE": withMethod("TRACE"),
      "PROPFIND": withMethod("PROPFIND"),
      "PURGE": withMethod("PURGE"),
    }),
    {
      tried: "HEAD",
      bytes: withMethod("HEAD"),
      cameBack: "405 `bad_method`",
      isHead: true,
    },
    ...alike({ cameBack: UNREADABLE }, {
      "a control byte in the method": withMethod("G\x01T"),
      "`get` in lower case": withMethod("get"),
      "a method of 300 letters": withMethod("A".repeat(300)),
      "a space in the target": get(`${ME} x`),
      "tabs in place of spaces": () =>
        `GET\t${ME}\tHTTP/1.1\r\n${HOST}${AUTH}\r\n`,
      "a null byte in the target": get("/api/v10/users/\0"),
      "invalid UTF-8 in the path": get("/api/v10/users/\xff\xfe"),
      "invalid UTF-8 in the query": get(`${ME}?a=\xc3\x28`),
      "a target without a slash": get("api/v10/users/@me"),
      "HTTP/0.9": () => `GET ${ME}\r\n\r\n`,
      "HTTP/1.2": () => get(ME)().replace("HTTP/1.1", "HTTP/1.2"),
      "HTTP/2.0 in a line of HTTP/1": () =>
        get(ME)().replace("HTTP/1.1", "HTTP/2.0"),
      "the first bytes of TLS": () =>
        `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${"\0".repeat(200)}`,
      "binary nonsense": () => "\x00\x01\x02\xff\xfe nonsense \r\n\r\n",
    }),
    ...alike({ cameBack: TOO_LONG, isLong: true }, {
      "a target of 20,000 characters": get(`${ME}?${"a".repeat(20_000)}`),
      "a target of 1,000,000 characters": get(`${ME}?${"a".repeat(1_000_000)}`),
      "a request line that never ends": () => `GET /${"a".repeat(1_000_000)}`,
    }),
    ...alike({ cameBack: ANSWERED, reached: [READ] }, {
      "absolute form, the host that `Host` names": get(`http://x${ME}`),
      "two spaces before the target": get(` ${ME}`),
      "empty lines before the request": () => `\r\n\r\n${get(ME)()}`,
    }),
    {
      tried: "escapes that decode to invalid UTF-8 (they cross as they are)",
      bytes: get("/api/v10/channels/1/messages/2/reactions/%ff%fe/@me"),
      cameBack: ANSWERED,
      reached: [
        "GET /api/v10/channels/1/messages/2/reactions/%ff%fe/@me 0",
      ],
    },
    {
      tried: "`%0d%0a` in the query (it crosses as it is)",
      bytes: get(`${ME}?x=%0d%0aX-Evil:%201`),
      cameBack: ANSWERED,
      reached: [`GET ${ME}?x=%0d%0aX-Evil:%201 0`],
    },
  ],
};

const headers: AttemptGroup = {
  title: "Headers",
  attempts: [
    ...alike({ cameBack: UNREADABLE }, {
      "a bare CR in a value": get(ME, "X-A: a\rb\r\n"),
      "bare CR as line ends": () => get(ME)().replaceAll("\r\n", "\r"),
      "a folded line": get(ME, "X-A: a\r\n b\r\n"),
      "a folded key": () =>
        `GET ${ME} HTTP/1.1\r\n${HOST}Authorization:\r\n ${KEY}\r\n\r\n`,
      "a space before a colon": get(ME, "X-A : a\r\n"),
      "a space before the first header": () =>
        `GET ${ME} HTTP/1.1\r\n Host: x\r\n${AUTH}\r\n`,
      "a space in a name": get(ME, "X A: a\r\n"),
      "a line without a colon": get(ME, "X-A\r\n"),
      "an empty name": get(ME, ": a\r\n"),
      "a null byte in a value": get(ME, "X-A: a\0b\r\n"),
      "a null byte in a name": get(ME, "X\0A: a\r\n"),
      "DEL in a value": get(ME, "X-A: a\x7fb\r\n"),
      "bare LF as line ends": () => get(ME)().replaceAll("\r\n", "\n"),
      "no `Host`": () => `GET ${ME} HTTP/1.1\r\n${AUTH}\r\n`,
      "two `Host` headers": (): string =>
        `GET ${ME} HTTP/1.1\r\nHost: evil.example\r\n${HOST}${AUTH}\r\n`,
    }),
    ...alike({ cameBack: TOO_LONG, isLong: true }, {
      "5,000 headers": get(ME, many(5_000)),
      "a header of 100,000 bytes": get(ME, `X-A: ${"a".repeat(100_000)}\r\n`),
      "a header of 1,000,000 bytes": get(
        ME,
        `X-A: ${"a".repeat(1_000_000)}\r\n`,
      ),
      "a header name of 70,000 bytes": get(
        ME,
        `X${"a".repeat(70_000)}: b\r\n`,
      ),
    }),
    {
      tried: "an audit reason with a bare CR and a header behind it",
      bytes: post(
        "X-Audit-Log-Reason: a\rX-Evil: 1\r\nContent-Length: 15\r\n",
        BODY,
      ),
      cameBack: UNREADABLE,
    },
    {
      tried: "an audit reason with `%0d%0a` in it (it crosses as it is)",
      bytes: post(
        "X-Audit-Log-Reason: a%0d%0aX-Evil:%201\r\nContent-Length: 15\r\n",
        BODY,
      ),
      cameBack: ANSWERED,
      reached: [POSTED],
    },
    {
      tried: "an audit reason of invalid UTF-8 (its bytes cross as they are)",
      bytes: post(
        "X-Audit-Log-Reason: \xc3\xa4\xff\r\nContent-Length: 15\r\n",
        BODY,
      ),
      cameBack: ANSWERED,
      reached: [POSTED],
    },
    ...alike({ cameBack: ANSWERED, reached: [READ] }, {
      "`Connection` that names `Authorization` and `Host`": get(
        ME,
        "Connection: authorization, host, content-length\r\n",
      ),
      "200 headers": get(ME, many(200)),
      "`Upgrade: h2c`": get(
        ME,
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
      ),
    }),
    {
      tried: "another host in `Host`, and in every header that forwards",
      bytes: (decoy) =>
        `GET ${ME} HTTP/1.1\r\nHost: ${decoy}\r\n${AUTH}` +
        `X-Forwarded-Host: ${decoy}\r\nForwarded: host=${decoy}\r\n` +
        `X-Original-URL: http://${decoy}/\r\nX-Rewrite-URL: /x\r\n\r\n`,
      cameBack: ANSWERED,
      reached: [READ],
    },
    {
      tried: "the key as a second `Authorization`, behind a token",
      bytes: () =>
        `GET ${ME} HTTP/1.1\r\n${HOST}X-Rest-Authorization: ${KEY}\r\n` +
        `Authorization: Bot a.caller.s\r\n${AUTH}\r\n`,
      cameBack: "400 `bad_request`",
    },
    {
      tried: "a wrong key in front of the right one",
      bytes: () =>
        `GET ${ME} HTTP/1.1\r\n${HOST}Authorization: wrong\r\n${AUTH}\r\n`,
      cameBack: "401 `unauthorized`",
    },
  ],
};

/** A way to open a WebSocket, its headers written out. */
function upgrade(lines: readonly string[], method = "GET"): () => string {
  return () =>
    [`${method} /rep HTTP/1.1`, ...lines, HOST + AUTH, ""].join("\r\n");
}

const CONNECTION = "Connection: Upgrade";
const UPGRADE = "Upgrade: websocket";
const VERSION = "Sec-WebSocket-Version: 13";
const NONCE = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

const WHOLE = [CONNECTION, UPGRADE, VERSION, NONCE];

const upgrades: AttemptGroup = {
  title: "WebSocket upgrades",
  attempts: [
    ...alike({ cameBack: UNREADABLE }, {
      "no `Sec-WebSocket-Key`": upgrade([CONNECTION, UPGRADE, VERSION]),
      "no `Sec-WebSocket-Version`": upgrade([CONNECTION, UPGRADE, NONCE]),
      "a `Content-Length`": upgrade([...WHOLE, "Content-Length: 5"]),
      "`Transfer-Encoding: chunked`": upgrade([
        ...WHOLE,
        "Transfer-Encoding: chunked",
      ]),
    }),
    ...alike({ cameBack: "426 `upgrade_required`" }, {
      "no `Connection: Upgrade`": upgrade([UPGRADE, VERSION, NONCE]),
      "by POST": upgrade(WHOLE, "POST"),
    }),
    // A draft of what became version 13, and the same on the wire.
    ...alike({ cameBack: "101, a WebSocket", isUnfinished: true }, {
      "version 8": upgrade([
        CONNECTION,
        UPGRADE,
        NONCE,
        "Sec-WebSocket-Version: 8",
      ]),
    }),
    {
      tried: "from a page of another host",
      bytes: upgrade([...WHOLE, "Origin: https://evil.example"]),
      cameBack: "403 `forbidden`, closed",
    },
  ],
};

const MINUTE = { afterMs: 60_000 };

const bodies: AttemptGroup = {
  title: "Bodies",
  attempts: [
    {
      tried: "a body that stops half-way, the connection open",
      bytes: post("Content-Length: 15\r\n", '{"con'),
      then: MINUTE,
      cameBack: "408 `body_timeout`",
      isUnfinished: true,
    },
    {
      tried: "a large body that stops half-way, the connection open",
      bytes: post("Content-Length: 1000000\r\n", "x".repeat(1_000)),
      then: MINUTE,
      cameBack: "408 `body_timeout`",
      isUnfinished: true,
    },
    {
      tried: "a body of which not a byte comes",
      bytes: post("Content-Length: 15\r\n", ""),
      then: MINUTE,
      cameBack: "408 `body_timeout`",
      isUnfinished: true,
    },
    {
      tried: "`Expect: 100-continue`, and then nothing",
      bytes: post("Expect: 100-continue\r\nContent-Length: 15\r\n", ""),
      then: MINUTE,
      cameBack: "408 `body_timeout`",
      isUnfinished: true,
    },
    {
      tried: "chunks that stop half-way, the connection open",
      bytes: chunked('f\r\n{"con'),
      then: MINUTE,
      cameBack: "408 `body_timeout`",
      isUnfinished: true,
    },
    {
      tried: "a chunk of 16 exabytes",
      bytes: chunked(`fffffffffffffff0\r\n${BODY}`),
      then: MINUTE,
      cameBack: "408 `body_timeout`",
      isUnfinished: true,
    },
    {
      tried: "chunks with nothing but bare LF",
      bytes: chunked(`f\n${BODY}\n0\n\n`),
      cameBack: UNREADABLE,
    },
    {
      tried: "a body that stops half-way, sending ended",
      bytes: post("Content-Length: 15\r\n", '{"con'),
      then: "end",
      cameBack: "closed without an answer",
    },
    {
      tried: "chunks that stop half-way, sending ended",
      bytes: chunked('f\r\n{"con'),
      then: "end",
      cameBack: "closed without an answer",
    },
    {
      tried: "a length of 200 MB (`REST_BODY_LIMIT_MIB` is 110)",
      bytes: post("Content-Length: 200000000\r\n", BODY),
      cameBack: "413 `too_large`",
      isUnfinished: true,
    },
    {
      tried: "a length beyond what a number holds",
      bytes: post("Content-Length: 9007199254740993\r\n", BODY),
      cameBack: "413 `too_large`",
      isUnfinished: true,
    },
    {
      tried: "a body that is announced, and no key",
      bytes: () =>
        `POST ${MESSAGES} HTTP/1.1\r\n${HOST}Content-Length: 100000000\r\n\r\nxxx`,
      cameBack: "401 `unauthorized`",
      isUnfinished: true,
    },
  ],
};

/** What is sent to the proxy in HTTP/1.1. */
export const ATTEMPTS: readonly AttemptGroup[] = [
  framing,
  lineAndTarget,
  headers,
  upgrades,
  bodies,
];
