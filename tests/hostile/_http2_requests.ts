import { KEY } from "../_proxy.ts";
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  type Fields,
  frame,
  HEADERS,
  PING,
  PREFACE,
  RST_STREAM,
  SETTINGS,
} from "./_http2.ts";

/** Something a hostile caller may send in HTTP/2, and what comes of it. */
export interface Http2Attempt {
  readonly tried: string;
  readonly cameBack: string;
  readonly bytes: string;
  readonly reached?: readonly string[];
}

const ME = "/api/v10/users/@me";
const READ = `GET ${ME} 0`;
const BODY = '{"content":"x"}';
const MESSAGES = "/api/v10/channels/1/messages";
const CHANNEL = "/api/v10/channels/1";
const POSTED = `POST ${MESSAGES} ${BODY.length}`;

type Pseudo = Partial<
  Record<"method" | "scheme" | "authority" | "path", string>
>;

function fields(pseudo: Pseudo = {}, more: Fields = []): Fields {
  const { method = "GET", scheme = "https", authority = "x", path = ME } =
    pseudo;
  return [
    [":method", method],
    [":scheme", scheme],
    [":authority", authority],
    [":path", path],
    ["authorization", KEY],
    ...more,
  ];
}

function request(pseudo: Pseudo = {}, more: Fields = [], stream = 1): string {
  const block = fieldBlock(fields(pseudo, more));
  return frame(HEADERS, END_HEADERS | END_STREAM, stream, block);
}

function post(more: Fields, pseudo: Pseudo = {}): string {
  const wanted = { method: "POST", path: MESSAGES, ...pseudo };
  const all = fields(wanted, [["content-type", "application/json"], ...more]);
  return PREFACE + frame(HEADERS, END_HEADERS, 1, fieldBlock(all)) +
    frame(DATA, END_STREAM, 1, BODY);
}

function repeated(count: number, part: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => part(n)).join("");
}

/** Attempts that all end alike. */
function alike(
  end: Omit<Http2Attempt, "tried" | "bytes">,
  attempts: Readonly<Record<string, string>>,
): Http2Attempt[] {
  return Object.entries(attempts).map(([tried, bytes]) => ({
    tried,
    bytes,
    ...end,
  }));
}

/** What is sent to the proxy in HTTP/2, over TLS. */
export const HTTP2_ATTEMPTS: readonly Http2Attempt[] = [
  ...alike({ cameBack: "connection closed" }, {
    "a name in upper case": PREFACE + request({}, [["X-A", "1"]]),
    "a whole request in the method": PREFACE +
      request({ method: "GET /x HTTP/1.1\r\nA: b\r\n\r\nGET" }),
    "3,000 CONTINUATION frames": PREFACE +
      frame(HEADERS, 0, 1, fieldBlock(fields())) +
      repeated(
        3_000,
        (n) =>
          frame(CONTINUATION, 0, 1, fieldBlock([[`x-${n}`, "a".repeat(50)]])),
      ),
    "2,000 requests, each reset at once": PREFACE +
      repeated(2_000, (n) =>
        request({ path: "/api/v10/../x" }, [], 2 * n + 1) +
        frame(RST_STREAM, 0, 2 * n + 1, "\0\0\0\x08")),
    "20,000 SETTINGS, then a request": PREFACE +
      repeated(20_000, () => frame(SETTINGS, 0, 0)) + request(),
    "a frame of 70,000 bytes": PREFACE +
      frame(DATA, 0, 1, "a".repeat(70_000)),
    "a field block of nonsense": PREFACE +
      frame(HEADERS, END_HEADERS | END_STREAM, 1, "\xff".repeat(7)),
  }),
  ...alike({ cameBack: "connection closed" }, {
    "CR LF in the path": PREFACE + request({ path: `${ME}\r\nx-evil: 1` }),
    "a whole request in the path": PREFACE +
      request({ path: `${ME} HTTP/1.1\r\nHost: y\r\n\r\nGET /x` }),
    "a space in the path": PREFACE + request({ path: `${ME} x` }),
    "two paths": PREFACE + request({}, [[":path", "/x"]]),
    "`transfer-encoding: chunked`": PREFACE +
      request({}, [["transfer-encoding", "chunked"]]),
    "`connection: close`": PREFACE + request({}, [["connection", "close"]]),
    "a path in the authority": PREFACE +
      request({ authority: "x/api/v10/gateway?" }),
    "another host in the authority's user": PREFACE +
      request({ authority: "x@evil.example/y?" }),
    "a length that is too long": post([["content-length", "20"]]),
    "a length that is too short": post([["content-length", "3"]]),
    "two lengths that agree": post([
      ["content-length", "15"],
      ["content-length", "15"],
    ]),
    "two lengths that differ": post([
      ["content-length", "15"],
      ["content-length", "3"],
    ]),
    "an absolute path": PREFACE + request({ path: `http://evil.example${ME}` }),
  }),
  ...alike({ cameBack: "`bad_path`" }, {
    "`host` that is not the authority": PREFACE +
      request({}, [["host", "evil.example"]]),
    "a dot segment": PREFACE + request({ path: "/api/v10/../x" }),
    "CONNECT": PREFACE + frame(
      HEADERS,
      END_HEADERS,
      1,
      fieldBlock([
        [":method", "CONNECT"],
        [":authority", "evil.example:443"],
        ["authorization", KEY],
      ]),
    ),
  }),
  ...alike({ cameBack: "`bad_method`" }, {
    "a method outside the list": PREFACE + request({ method: "TRACE" }),
  }),
  ...alike({ cameBack: "an answer without a body" }, {
    "HEAD with a body": post([], { method: "HEAD", path: ME }),
  }),
  {
    tried: "900 headers",
    bytes: PREFACE +
      request({}, Array.from({ length: 900 }, (_, n) => [`x-${n}`, "a"])),
    cameBack: "stream reset",
  },
  {
    tried: "a body without a length",
    bytes: post([]),
    cameBack: "Discord's answer",
    reached: [POSTED],
  },
  {
    tried: "a DELETE with a body without a length",
    bytes: post([], { method: "DELETE", path: CHANNEL }),
    cameBack: "Discord's answer",
    reached: [`DELETE ${CHANNEL} ${BODY.length}`],
  },
  {
    tried: "a GET with a body without a length",
    bytes: post([], { method: "GET", path: ME }),
    cameBack: "Discord's answer",
    reached: [`GET ${ME} ${BODY.length}`],
  },
  {
    tried: "a GET with a body and its length",
    bytes: post([["content-length", String(BODY.length)]], {
      method: "GET",
      path: ME,
    }),
    cameBack: "Discord's answer",
    reached: [`GET ${ME} ${BODY.length}`],
  },
  ...alike({ cameBack: "Discord's answer", reached: [READ] }, {
    "CR LF in a value (the field is dropped)": PREFACE +
      request({}, [["x-audit-log-reason", "a\r\nx-evil: 1"]]),
    "LF in a value (the field is dropped)": PREFACE +
      request({}, [["x-audit-log-reason", "a\nx-evil: 1"]]),
    "a null byte in a value (the field is dropped)": PREFACE +
      request({}, [["x-a", "a\0b"]]),
    "CR LF in a name (the field is dropped)": PREFACE +
      request({}, [["x\r\nx-evil", "1"]]),
    "a colon in a name (the field is dropped)": PREFACE +
      request({}, [["x:y", "1"]]),
    "the scheme `file`": PREFACE + request({ scheme: "file" }),
    "20,000 PINGs, then a request": PREFACE +
      repeated(20_000, () => frame(PING, 0, 0, "\0".repeat(8))) + request(),
  }),
];
