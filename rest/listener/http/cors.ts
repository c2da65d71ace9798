import type { HeaderList } from "../../domain/headers.ts";
import { METHODS } from "../../domain/request.ts";
import { fieldOf } from "./fields.ts";
import type { HttpAnswer, IncomingRequest } from "./incoming_request.ts";

/** A day is the longest that any browser remembers; a change of the list is to be felt within minutes. */
const MAX_AGE_SECONDS = "600";

/** What a page may read besides the few headers that browsers always show. */
const EXPOSED = [
  "retry-after",
  "via",
  "location",
  "server-timing",
  "x-ratelimit-bucket",
  "x-ratelimit-global",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-ratelimit-reset-after",
  "x-ratelimit-scope",
  "x-rest-attempts",
  "x-rest-proxy",
].join(", ");

/** Names of headers between commas, and nothing that could be more than that. */
const HEADER_NAMES =
  /^[a-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[a-z0-9!#$%&'*+.^_`|~-]+)*$/i;

type Asked = Pick<IncomingRequest, "method" | "fields">;

/** The page that a request comes from, if it is one of those that may call; undefined for everybody else. */
export function listedOrigin(
  { fields }: Asked,
  origins: ReadonlySet<string>,
): string | undefined {
  const origin = fieldOf(fields, "origin");
  return origin !== null && origins.has(origin) ? origin : undefined;
}

/** What a browser is told that asks before it sends; undefined where it does not ask. */
export function answerPreflight(
  { method, fields }: Asked,
): HttpAnswer | undefined {
  const isPreflight = method === "OPTIONS" &&
    fieldOf(fields, "access-control-request-method") !== null;
  if (!isPreflight) return undefined;
  const wanted = fieldOf(fields, "access-control-request-headers") ?? "";
  const isPrivate = fieldOf(fields, "access-control-request-private-network");
  const headers: HeaderList = [
    ["access-control-allow-methods", METHODS.join(", ")],
    // Whatever crosses from everybody else may cross from a page.
    ["access-control-allow-headers", HEADER_NAMES.test(wanted) ? wanted : ""],
    ["access-control-max-age", MAX_AGE_SECONDS],
    // Pages from outside ask for leave to reach into a private network.
    ...isPrivate === "true"
      ? [["access-control-allow-private-network", "true"] as const]
      : [],
  ];
  return { status: 204, headers, body: undefined };
}

/** Lets the page read an answer. What Discord says of pages is said of its own address. */
export function readableBy(origin: string, answer: HttpAnswer): HttpAnswer {
  const headers = answer.headers.filter(([name]) =>
    name !== "access-control-allow-origin" &&
    name !== "access-control-allow-credentials" &&
    name !== "access-control-expose-headers"
  );
  return {
    ...answer,
    headers: [
      ...headers,
      ["access-control-allow-origin", origin],
      ["access-control-expose-headers", EXPOSED],
      ["vary", "origin"],
    ],
  };
}
