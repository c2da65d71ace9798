import assert from "node:assert/strict";
import { headerOf } from "../../../rest/domain/headers.ts";
import { Conversation } from "../_conversation.ts";

/** The body a frame sends upstream, as text; undefined for none. */
function bodyOf(method: string, dataText?: string): string | undefined {
  const talk = new Conversation();
  const data = dataText === undefined ? "" : `,"data":${dataText}`;
  talk.open().raw(`{"target":"/a","method":"${method}"${data}}`);
  const { body, headers } = talk.last.request;
  const type = body === undefined ? undefined : "application/json";
  assert.equal(headerOf(headers, "content-type"), type);
  return body === undefined ? undefined : new TextDecoder().decode(body);
}

/** Path and query of a GET with this data, or the refusal's message. */
function queryOf(dataText: string, target = "/a"): string {
  const talk = new Conversation();
  const peer = talk.open();
  peer.raw(`{"target":"${target}","method":"GET","data":${dataText},"req":1}`);
  const [submitted] = talk.submitted;
  if (submitted !== undefined) {
    assert.equal(submitted.request.body, undefined);
    return submitted.request.target.path + submitted.request.target.query;
  }
  const { data } = peer.heardOne();
  assert.equal(data.error.code, "bad_data");
  assert.equal(data.status, 400);
  return data.error.message;
}

const WRITES = ["CREATE", "UPDATE", "ACTION", "DELETE"];

Deno.test("C24: absent and null data both mean no body, for every verb", () => {
  for (const verb of [...WRITES, "GET"]) {
    assert.equal(bodyOf(verb), undefined);
    assert.equal(bodyOf(verb, "null"), undefined);
  }
});

for (const value of ["false", "0", '""', "[]", "{}", '"text"', "[1,null]"]) {
  Deno.test(`C25: the data ${value} is sent as a JSON body by every write`, () => {
    for (const verb of WRITES) assert.equal(bodyOf(verb, value), value);
  });
}

Deno.test("C25: a body goes on as it was spelt", () => {
  const text = '{ "a" : "\\u00e9\\/", "b":1.50, "a":2 }';
  assert.equal(bodyOf("ACTION", text), text);
});

for (
  const [data, query] of [
    ['{"limit":5,"with":true,"q":"a b&c"}', "/a?limit=5&with=true&q=a%20b%26c"],
    ['{"id":["1","2",3]}', "/a?id=1&id=2&id=3"],
    ['{"a":null,"b":[null,1],"c":[]}', "/a?b=1"],
    ["{}", "/a"],
    ["null", "/a"],
    ['{"ключ":"é😀"}', "/a?%D0%BA%D0%BB%D1%8E%D1%87=%C3%A9%F0%9F%98%80"],
    ['{"a":1,"a":2}', "/a?a=2"],
    ['{"__proto__":1,"\\u0061":2}', "/a?__proto__=1&a=2"],
    [' {\t"a" : [ 1 , "2" ] } ', "/a?a=1&a=2"],
  ] as const
) {
  Deno.test(`C26: the data ${data} of a GET becomes ${query}`, () => {
    assert.equal(queryOf(data), query);
  });
}

Deno.test("C26: parameters are appended to the target's own query", () => {
  assert.equal(queryOf('{"b":2}', "/a?x=1"), "/a?x=1&b=2");
  assert.equal(queryOf('{"b":2}', "/a?"), "/a?b=2");
  assert.equal(queryOf("{}", "/a?x=1"), "/a?x=1");
});

for (
  const data of ['{"a":{}}', '{"a":[[1]]}', '{"a":[{}]}', '{"a":{"b":{"c":1}}}']
) {
  Deno.test(`C26: the nested data ${data} of a GET is refused`, () => {
    assert.match(queryOf(data), /a parameter must be a value or an array/);
  });
}

for (const data of ["[]", '"a=1"', "1", "true", "false", "0"]) {
  Deno.test(`C26: the data ${data} of a GET is refused`, () => {
    assert.match(queryOf(data), /must be an object of query parameters/);
  });
}

for (
  const digits of [
    "9007199254740991",
    "9007199254740993",
    "-9007199254740993",
    "123456789012345678",
    "18446744073709551615",
    "123456789012345678901234567890",
  ]
) {
  Deno.test(`C27: the integer ${digits} keeps all its digits upstream`, () => {
    const body = `{"allowed_mentions":{"users":[${digits}]}}`;
    assert.equal(bodyOf("ACTION", body), body);
    assert.equal(queryOf(`{"after":${digits}}`), `/a?after=${digits}`);
    assert.equal(queryOf(`{"id":[${digits}]}`), `/a?id=${digits}`);
  });
}
