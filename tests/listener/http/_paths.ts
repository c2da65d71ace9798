/** Targets as they stand on the wire, and what becomes of them on every transport. */

type Crossing = readonly [
  target: string,
  version: number,
  path: string,
  query: string,
];

export const CROSSING: readonly Crossing[] = [
  ["/api/v9/gateway", 9, "/gateway", ""],
  ["/api/gateway", 10, "/gateway", ""],
  ["/v9/gateway", 9, "/gateway", ""],
  ["/gateway", 10, "/gateway", ""],
  ["/api/v10/users/@me?a=1&a=2", 10, "/users/@me", "?a=1&a=2"],
  [
    "/api/v10/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    10,
    "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    "",
  ],
  ["/x/name%3Aid", 10, "/x/name%3Aid", ""],
  [
    "/guilds/1/members/search?query='o'b%27",
    10,
    "/guilds/1/members/search",
    "?query='o'b%27",
  ],
  ["/x?next=/../y", 10, "/x", "?next=/../y"],
];

/** In the absolute form, which HTTP/2 does not have. */
export const ABSOLUTE_CROSSING: readonly Crossing[] = [
  ["http://proxy/api/v10/gateway?x", 10, "/gateway", "?x"],
  ["http://PROXY/gateway", 10, "/gateway", ""],
];

export const REFUSED: readonly string[] = [
  "/api/v10/../gateway",
  "/api/v10/./gateway",
  "/..",
  "/a/%2e%2e/b",
  "/a/%2E%2e/b",
  "/a/.%2e/b",
  "/a/%2e/b",
  "/a/%252e%252e/b",
  "/a/..;/b/..",
  "/a\\..\\b",
  "/a/%5c../b",
  "/a/%2f/b",
  "//evil.example/gateway",
  "/api//evil.example",
  "/api/v10//gateway",
  "/api/v6/gateway",
  "/api/v7/gateway",
  "/api/v10",
  "/",
];

export const ABSOLUTE_REFUSED: readonly string[] = [
  "http://evil.example/api/v10/gateway",
  "http://proxy:80/api/v10/gateway",
  "http://proxy@evil.example/gateway",
  "http://evil.example@proxy/gateway",
  "ftp://proxy/gateway",
  "http://proxy?x",
];
