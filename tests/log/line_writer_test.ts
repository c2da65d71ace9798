import assert from "node:assert/strict";
import { createLineWriter } from "../../rest/log/line_writer.ts";

const describeLoss = (lines: number) => `${lines} lost`;

Deno.test("a line writer writes every line whole, though the sink takes a few bytes at a time", async () => {
  let text = "";
  const writer = createLineWriter({
    write: (bytes) => {
      const taken = bytes.subarray(0, 3);
      text += new TextDecoder().decode(taken);
      return Promise.resolve(taken.length);
    },
  }, describeLoss);
  writer.line("first");
  writer.line("second");
  await writer.flush();
  writer.line("third");
  await writer.flush();
  assert.equal(text, "first\nsecond\nthird\n");
});

Deno.test("a line writer holds 4 MiB for a slow reader, drops the rest and says how much", async () => {
  const written: string[] = [];
  const gate = Promise.withResolvers<void>();
  const writer = createLineWriter({
    write: async (bytes) => {
      await gate.promise;
      written.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  }, describeLoss);
  const mebibyte = "x".repeat(1_048_576);
  writer.line("in the sink's hands");
  for (let count = 0; count < 6; count++) writer.line(mebibyte);
  gate.resolve();
  await writer.flush();
  const lines = written.join("").trimEnd().split("\n");
  assert.equal(lines.filter((line) => line === mebibyte).length, 4);
  assert.equal(lines.at(-1), "2 lost");
});

Deno.test("a line writer with a broken sink swallows lines and ends its flush", async () => {
  let tries = 0;
  const writer = createLineWriter({
    write: () => {
      tries++;
      return Promise.reject(new Error("EPIPE"));
    },
  }, describeLoss);
  writer.line("a");
  await writer.flush();
  writer.line("b");
  await writer.flush();
  assert.equal(tries, 1);
});
