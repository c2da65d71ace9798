import assert from "node:assert/strict";
import { observeEnd } from "../../rest/streams/answer_streams.ts";
import { readBounded } from "../../rest/streams/read_bounded.ts";
import { bytesOf, streamOf } from "../dispatcher/_builders.ts";

Deno.test("readBounded() gives a stream of exactly the bound whole, and one byte more as a stream again", async () => {
  const exact = await readBounded(
    streamOf([bytesOf("ab"), bytesOf("cd")]).stream,
    4,
  );
  assert.equal(exact.kind, "whole");
  assert.ok(exact.kind === "whole");
  assert.deepEqual(exact.bytes, bytesOf("abcd"));

  const { stream } = streamOf([bytesOf("ab"), bytesOf("cde"), bytesOf("f")]);
  const large = await readBounded(stream, 4);
  assert.ok(large.kind === "large");
  assert.equal(await new Response(large.stream).text(), "abcdef");
});

Deno.test("readBounded() of an empty stream is whole and empty", async () => {
  const empty = await readBounded(streamOf([]).stream, 4);
  assert.ok(empty.kind === "whole");
  assert.equal(empty.bytes.byteLength, 0);
});

Deno.test("readBounded() hands cancelling on to the source", async () => {
  const { stream, state } = streamOf([bytesOf("abc"), bytesOf("def")]);
  const large = await readBounded(stream, 2);
  assert.ok(large.kind === "large");
  await large.stream.cancel();
  assert.ok(state.isCancelled);
});

Deno.test("observeEnd() tells the end once: through, cut or given up", async () => {
  let ends = 0;
  const onEnd = () => void ends++;
  const whole = observeEnd(streamOf([bytesOf("a")]).stream, onEnd);
  assert.equal(await new Response(whole).text(), "a");
  assert.equal(ends, 1);

  const { stream, state } = streamOf([bytesOf("a")]);
  await observeEnd(stream, onEnd).cancel();
  assert.equal(ends, 2);
  assert.ok(state.isCancelled);

  const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.error(new Error("reset")),
  });
  await assert.rejects(
    new Response(observeEnd(broken, onEnd)).text(),
    /reset/,
  );
  assert.equal(ends, 3);
});
