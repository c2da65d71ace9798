import assert from "node:assert/strict";
import {
  rawTargetOf,
  splitPathKey,
} from "../../../rest/listener/http/raw_target.ts";

const TARGETS: ReadonlyArray<
  readonly [url: string, host: string | null, target: string | undefined]
> = [
  ["http://h:8000/a/../b?c", "h:8000", "/a/../b?c"],
  ["http://H/a", "h", "/a"],
  ["http://h//a", "h", "//a"],
  ["http://h/a\\b#c", "h", "/a\\b#c"],
  // HTTP/2 sends no Host, a Unix socket has a scheme of its own.
  ["https://h/a", null, "/a"],
  ["http+unix://h/a", "h", "/a"],
  ["http+unix://%2Frun%2Fs/a", null, "/a"],
  ["http://evil.example/a", "h", undefined],
  ["http+unix://evil.example/a", "h", undefined],
  ["http://h/a", "", undefined],
  ["http://h:80/a", "h", undefined],
  ["http://h", "h", undefined],
  ["http://h?a", "h", undefined],
  ["ftp://h/a", "h", undefined],
];

for (const [url, host, target] of TARGETS) {
  Deno.test(`${url} with Host ${host} is ${target}`, () => {
    assert.equal(rawTargetOf(url, host), target);
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
