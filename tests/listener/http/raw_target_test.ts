import assert from "node:assert/strict";
import {
  rawTargetOf,
  splitPathKey,
} from "../../../rest/listener/http/raw_target.ts";

const TARGETS: ReadonlyArray<
  readonly [
    target: string,
    authority: string | undefined,
    host: string | null,
    raw: string | undefined,
  ]
> = [
  ["/a/../b?c", undefined, "h:8000", "/a/../b?c"],
  ["//a", undefined, "h", "//a"],
  ["/a\\b#c", undefined, "h", "/a\\b#c"],
  ["http://H/a", undefined, "h", "/a"],
  ["https://h/a", undefined, "h", "/a"],
  // HTTP/2 says its authority, and mostly no Host.
  ["/a", "h", null, "/a"],
  ["/a", "H", "h", "/a"],
  ["/a", "evil.example", "h", undefined],
  // HTTP/1.0 may say neither.
  ["/a", undefined, null, "/a"],
  ["http://evil.example/a", undefined, "h", undefined],
  ["http://h/a", undefined, "", undefined],
  ["http://h:80/a", undefined, "h", undefined],
  ["http://h", undefined, "h", undefined],
  ["http://h?a", undefined, "h", undefined],
  ["ftp://h/a", undefined, "h", undefined],
  ["*", undefined, "h", undefined],
  ["h:443", undefined, "h:443", undefined],
  ["", undefined, "h", undefined],
];

for (const [target, authority, host, raw] of TARGETS) {
  Deno.test(`${target} at ${authority} with Host ${host} is ${raw}`, () => {
    assert.equal(rawTargetOf(target, authority, host), raw);
  });
}

const KEYED: ReadonlyArray<
  readonly [raw: string, pathKey: string | undefined, target: string]
> = [
  ["/key/abc/api/v10/x?y", "abc", "/api/v10/x?y"],
  ["/key/a%2Db/x", "a-b", "/x"],
  ["/key/%ff/x", "%ff", "/x"],
  ["/key/abc", "abc", ""],
  ["/key/abc?x", "abc", "?x"],
  ["/key//x", "", "/x"],
  ["/key", undefined, "/key"],
  ["/keys/abc/x", undefined, "/keys/abc/x"],
  ["/api/key/abc/x", undefined, "/api/key/abc/x"],
];

for (const [raw, pathKey, target] of KEYED) {
  Deno.test(`${raw} has the key ${pathKey} in front of ${target}`, () => {
    assert.deepEqual(splitPathKey(raw), { pathKey, target });
  });
}
