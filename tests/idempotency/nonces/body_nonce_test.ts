import assert from "node:assert/strict";
import {
  broughtNonce,
  withNonce,
} from "../../../rest/idempotency/nonces/body_nonce.ts";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import { fc } from "../../deps.ts";
import { requestOf } from "../../dispatcher/_builders.ts";

const NONCE = "n".repeat(25);
const BOTH = `"nonce":"${NONCE}","enforce_nonce":true`;
const FORM = 'multipart/form-data; boundary="b-1"';

function messageOf(text: string, type = "application/json"): ProxyRequest {
  return requestOf("POST", { text, headers: [["content-type", type]] });
}

function sentOf(request: ProxyRequest): string {
  return new TextDecoder().decode(withNonce(request, NONCE).body);
}

/** A form of parts, each its headers behind `form-data; ` and its text. */
function formOf(...parts: ReadonlyArray<readonly [string, string]>): string {
  return parts.map(([head, text]) =>
    `--b-1\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`
  ).join("") + "--b-1--\r\n";
}

Deno.test("a message gets both members before its own, which stay as they were spelt", () => {
  for (
    const [text, sent] of [
      ['{"content":"hi"}', `{${BOTH},"content":"hi"}`],
      [
        '{ "a" : 12345678901234567890 }',
        `{${BOTH}, "a" : 12345678901234567890 }`,
      ],
      ["{}", `{${BOTH}}`],
      [" \n{ }", ` \n{${BOTH} }`],
      ['{"a":1.0,"a":2e5}', `{${BOTH},"a":1.0,"a":2e5}`],
    ] as const
  ) {
    const request = messageOf(text);
    assert.equal(broughtNonce(request), "none", text);
    assert.equal(sentOf(request), sent);
  }
});

Deno.test("members that say nothing get their value where they stand", () => {
  for (
    const [text, sent] of [
      // JDA says so with every message.
      [
        '{"content":"é","enforce_nonce":false,"flags":0}',
        `{"nonce":"${NONCE}","content":"é","enforce_nonce":true,"flags":0}`,
      ],
      [
        '{"nonce": null, "b": {"nonce": 1}}',
        `{"enforce_nonce":true,"nonce":"${NONCE}", "b": {"nonce": 1}}`,
      ],
      [
        '{"non\\u0063e":null,"enforce_nonce": true }',
        `{"non\\u0063e":"${NONCE}","enforce_nonce":true}`,
      ],
    ] as const
  ) {
    const request = messageOf(text);
    assert.equal(broughtNonce(request), "none", text);
    assert.equal(sentOf(request), sent);
  }
});

Deno.test("a nonce that its caller enforces is known as such, and no other is touched", () => {
  const saying = (text: string) => broughtNonce(messageOf(text));
  assert.equal(saying('{"nonce":"1","enforce_nonce":true}'), "enforced");
  assert.equal(
    saying('{"nonce":12345678901234567890,"enforce_nonce":true}'),
    "enforced",
  );
  assert.equal(saying('{"nonce":"1"}'), "other");
  assert.equal(saying('{"nonce":"1","enforce_nonce":false}'), "other");
  assert.equal(saying('{"nonce":"","enforce_nonce":true}'), "other");
});

Deno.test("what is no JSON object of a message is not touched", () => {
  const large = `{"a":"${"x".repeat(256 * 1024)}"}`;
  for (const text of ["", "[]", "1", '"{"', "{", '{"a":}', "null", large]) {
    assert.equal(broughtNonce(messageOf(text)), "other", text.slice(0, 9));
  }
  for (const type of ["text/plain", "application/x-www-form-urlencoded", ""]) {
    assert.equal(broughtNonce(messageOf("{}", type)), "other", type);
  }
  assert.equal(broughtNonce(requestOf("POST")), "other");
  const packed = requestOf("POST", {
    text: "{}",
    headers: [["content-type", "application/json"], [
      "content-encoding",
      "gzip",
    ]],
  });
  assert.equal(broughtNonce(packed), "other");
  const notUtf8 = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  assert.equal(broughtNonce({ ...messageOf(""), body: notUtf8 }), "other");
});

Deno.test("in a form the members go into payload_json, before or behind the files", () => {
  const file = [
    'name="files[0]"; filename="a\r\n--b.txt"',
    "\r\n--b-\r\n",
  ] as const;
  const payload = 'name="payload_json"\r\nContent-Type: application/json';
  const json = ['{"content":"é"}', `{${BOTH},"content":"é"}`] as const;
  for (const isFirst of [true, false]) {
    const form = (text: string) =>
      isFirst ? formOf([payload, text], file) : formOf(file, [payload, text]);
    const request = messageOf(form(json[0]), FORM);
    assert.equal(broughtNonce(request), "none");
    assert.equal(sentOf(request), form(json[1]));
  }
});

Deno.test("a form without payload_json gets two fields before its own", () => {
  const content = ["name=content", "hi"] as const;
  const own = [
    ['name="nonce"', NONCE],
    ['name="enforce_nonce"', "true"],
  ] as const;
  const request = messageOf(formOf(content), FORM);
  assert.equal(broughtNonce(request), "none");
  assert.equal(sentOf(request), formOf(...own, content));
  assert.equal(
    broughtNonce(messageOf(formOf(...own, content), FORM)),
    "enforced",
  );
  assert.equal(broughtNonce(messageOf(formOf(own[0]), FORM)), "other");
});

Deno.test("a form that cannot be read is not touched", () => {
  for (
    const text of ["", "--b-1--\r\n", "--b-1\r\n", "no form", "x--b-1\r\n\r\n"]
  ) {
    assert.equal(broughtNonce(messageOf(text, FORM)), "other", text);
  }
  const form = formOf(['name="content"', "hi"]);
  assert.equal(broughtNonce(messageOf(form, "multipart/form-data")), "other");
});

Deno.test("whatever a message says, it says the same with its nonce, and that as well", () => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom("nonce", "enforce_nonce", "__proto__", 'a"b\\', "{", "é"),
  );
  const value = fc.oneof(fc.jsonValue(), fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value)), (members) => {
      const text = `{${
        members.map(([name, each]) =>
          `${JSON.stringify(name)}:${JSON.stringify(each)}`
        )
          .join(",")
      }}`;
      const request = messageOf(text);
      if (broughtNonce(request) !== "none") return;
      const sent = sentOf(request);
      const said = JSON.parse(text);
      assert.equal(broughtNonce(messageOf(sent)), "enforced");
      assert.deepEqual({ ...JSON.parse(sent), nonce: 1, enforce_nonce: 1 }, {
        ...said,
        nonce: 1,
        enforce_nonce: 1,
      });
    }),
    { seed: 1, numRuns: 2_000 },
  );
});
