import assert from "node:assert/strict";
import { codingsOf, decode } from "../../rest/streams/content_codings.ts";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  fc,
  gzipSync,
  zstdCompressSync,
} from "../deps.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const SEED = 20_261_130;
const BOUND = 64 * 1024;

/** Each coding's name in the header, and who writes it. */
const CODERS: ReadonlyArray<readonly [string, (bytes: Bytes) => Uint8Array]> = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
];

function encoded(plain: Bytes, coders: typeof CODERS): Bytes {
  let bytes: Uint8Array = plain;
  for (const [, write] of coders) bytes = write(new Uint8Array(bytes));
  return new Uint8Array(bytes);
}

const coders = fc.array(fc.constantFrom(...CODERS), {
  minLength: 1,
  maxLength: 3,
});
const plains = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => new TextEncoder().encode(text)),
  fc.nat(BOUND).map((length) => new Uint8Array(length).fill(97)),
).map((bytes) => new Uint8Array(bytes));

Deno.test("codingsOf() reads one list out of all headers, in lower case, without identity", () => {
  assert.deepEqual(
    codingsOf([
      ["content-encoding", " GZIP ,identity,, br"],
      ["content-type", "gzip"],
      ["content-encoding", "zstd"],
    ]),
    ["gzip", "br", "zstd"],
  );
  assert.deepEqual(codingsOf([["content-encoding", "identity"]]), []);
  assert.deepEqual(codingsOf([]), []);
});

Deno.test("decode() gives back what was encoded, by up to three codings in a row", () => {
  fc.assert(
    fc.property(plains, coders, (plain, coders) => {
      const names = coders.map(([name]) => name);
      const decoded = decode(encoded(plain, coders), names, BOUND);
      assert.ok(decoded.kind === "plain", JSON.stringify([names, decoded]));
      assert.deepEqual(new Uint8Array(decoded.bytes), plain);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

for (const [at, coder] of CODERS.entries()) {
  const [name] = coder;
  Deno.test(`decode() takes no ${name} body that breaks off anywhere (${at})`, () => {
    const text = JSON.stringify({ id: "1", names: [..."abcdefgh"] });
    const whole = encoded(new TextEncoder().encode(text), [coder]);
    for (let length = 1; length < whole.length; length++) {
      assert.deepEqual(
        decode(whole.slice(0, length), [name], BOUND),
        { kind: "broken", coding: name },
        `${length} of ${whole.length} bytes`,
      );
    }
  });

  Deno.test(`decode() takes no plain JSON for ${name} (${at})`, () => {
    const json = new TextEncoder().encode(`{"id":"1","name":"general"}`);
    assert.deepEqual(decode(json, [name], BOUND), {
      kind: "broken",
      coding: name,
    });
  });

  Deno.test(`decode() unpacks ${name} up to the bound and not one byte more (${at})`, () => {
    const kindOf = (length: number) =>
      decode(encoded(new Uint8Array(length), [coder]), [name], BOUND).kind;
    assert.equal(kindOf(BOUND - 1), "plain");
    assert.equal(kindOf(BOUND), "plain");
    assert.equal(kindOf(BOUND + 1), "large");
    assert.equal(kindOf(16 * 1_048_576), "large");
  });
}

Deno.test("decode() reads several zstd frames in a row, and passes over skippable ones", () => {
  const frame = (length: number) => zstdCompressSync(new Uint8Array(length));
  const skippable = [0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
  const whole = new Uint8Array([...frame(1_000), ...skippable, ...frame(7)]);
  const kindOf = (bytesMax: number) => {
    const decoded = decode(whole, ["zstd"], bytesMax);
    return decoded.kind === "plain" ? decoded.bytes.length : decoded.kind;
  };
  assert.equal(kindOf(1_007), 1_007);
  assert.equal(kindOf(1_006), "large");
  assert.equal(
    decode(whole.slice(0, -1), ["zstd"], BOUND).kind,
    "broken",
  );
});

Deno.test("decode() bounds every coding of a row, not only the last one", () => {
  const bomb = encoded(new Uint8Array(16 * 1_048_576), CODERS.slice(0, 1));
  const twice = encoded(bomb, CODERS.slice(0, 1));
  assert.equal(decode(twice, ["gzip", "gzip"], BOUND).kind, "large");
});

Deno.test("decode() leaves alone what has a coding it does not know, or a fourth one", () => {
  const body = new Uint8Array([1]);
  assert.equal(decode(body, ["rot13"], BOUND).kind, "unknown");
  assert.equal(decode(body, ["gzip", "compress"], BOUND).kind, "unknown");
  const row = CODERS.slice(0, 1);
  const four = encoded(body, [...row, ...row, ...row, ...row]);
  assert.equal(decode(four, Array(4).fill("gzip"), BOUND).kind, "unknown");
});
