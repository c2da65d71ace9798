import bundle from "../../page/bundle.js" with { type: "text" };
import icon from "../../page/icon.svg" with { type: "text" };
import page from "../../page/index.html" with { type: "text" };
import styles from "../../page/page.css" with { type: "text" };
import usedLink from "../../page/used_link.html" with { type: "text" };
import type { Answer } from "../domain/answer.ts";
import type { HeaderList } from "../domain/headers.ts";

const HTML = "text/html; charset=utf-8";

interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** Nothing of them is secret, so they need no key: the page itself asks for it. All who ask share the same bytes. */
const FILES: ReadonlyMap<string, PageFile> = new Map([
  ["/admin", { type: HTML, bytes: encoder.encode(page) }],
  ["/admin/page.js", {
    type: "text/javascript; charset=utf-8",
    bytes: encoder.encode(bundle),
  }],
  ["/admin/page.css", {
    type: "text/css; charset=utf-8",
    bytes: encoder.encode(styles),
  }],
  ["/admin/icon.svg", { type: "image/svg+xml", bytes: encoder.encode(icon) }],
]);

/** Nothing but what this proxy serves itself, no inline code, no frame around it. */
const SAFE_HEADERS: HeaderList = [
  [
    "content-security-policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["cache-control", "no-store"],
];

/** One of the page's files; undefined where the path is none. */
export function pageFile(path: string): Answer | undefined {
  const file = FILES.get(path === "/admin/" ? "/admin" : path);
  if (file === undefined) return undefined;
  const headers: HeaderList = [["content-type", file.type], ...SAFE_HEADERS];
  return { status: 200, headers, body: file.bytes, isOurs: true };
}

/** For people who open a link that signs in no more. */
export function usedLinkAnswer(): Answer {
  return {
    status: 404,
    headers: [["content-type", HTML], ...SAFE_HEADERS],
    body: encoder.encode(usedLink),
    isOurs: true,
  };
}

/** What the page's programs are told, in JSON. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: HeaderList = [],
): Answer {
  const own: HeaderList = [["content-type", "application/json"]];
  return {
    status,
    headers: [...own, ...SAFE_HEADERS, ...headers],
    body: encoder.encode(JSON.stringify(value)),
    isOurs: true,
  };
}

/** Done, and nothing to say about it. */
export function emptyAnswer(headers: HeaderList = [], status = 204): Answer {
  return {
    status,
    headers: [...SAFE_HEADERS, ...headers],
    body: undefined,
    isOurs: true,
  };
}

/** A stream of events. */
export function streamAnswer(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Answer {
  const headers: HeaderList = [
    ["content-type", "text/event-stream"],
    ...SAFE_HEADERS,
    // Proxies such as nginx would hold events back otherwise.
    ["x-accel-buffering", "no"],
  ];
  return { status: 200, headers, body, isOurs: true };
}
