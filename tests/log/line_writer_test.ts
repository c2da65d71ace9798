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

Deno.test("a line writer with a closed pipe tries once, swallows lines and ends its flush", async () => {
  let tries = 0;
  const writer = createLineWriter({
    write: () => {
      tries++;
      return Promise.reject(new Deno.errors.BrokenPipe());
    },
  }, describeLoss);
  writer.line("a");
  await writer.flush();
  writer.line("b");
  await writer.flush();
  assert.equal(tries, 1);
});

Deno.test("a line writer goes on after a full disk, tells how many lines were dropped, and leaves no line torn", async () => {
  const disk = diskOf(8);
  const writer = createLineWriter(disk, describeLoss);
  for (const text of ["first", "second", "third"]) {
    writer.line(text);
    await writer.flush();
  }
  assert.equal(disk.text, "first\nse");
  disk.roomBytes = 1_000;
  for (const text of ["fourth", "fifth"]) {
    writer.line(text);
    await writer.flush();
  }
  assert.equal(disk.text, "first\nse\nfourth\n2 lost\nfifth\n");
});

Deno.test("what a line writer could not tell of its losses it tells when there is room", async () => {
  const disk = diskOf(0);
  const writer = createLineWriter(disk, describeLoss);
  writer.line("a");
  await writer.flush();
  // Room for the line, none for the note behind it.
  disk.roomBytes = 3;
  writer.line("b");
  await writer.flush();
  disk.roomBytes = 1_000;
  writer.line("c");
  await writer.flush();
  assert.equal(disk.text, "b\n1\nc\n1 lost\n");
});

/** A disk that takes what it has room for, as a write to a full file system does. */
function diskOf(roomBytes: number) {
  return {
    text: "",
    roomBytes,
    write(bytes: Uint8Array): Promise<number> {
      if (this.roomBytes === 0) {
        return Promise.reject(new Error("No space left on device"));
      }
      const taken = bytes.subarray(0, this.roomBytes);
      this.text += new TextDecoder().decode(taken);
      this.roomBytes -= taken.length;
      return Promise.resolve(taken.length);
    },
  };
}
