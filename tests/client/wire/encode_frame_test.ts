import assert from "node:assert/strict";
import { readyRigOf, rigOf } from "../_rig.ts";

const FILES = [
  { name: "a.txt", type: "text/plain", bytes: new TextEncoder().encode("hi") },
  { name: "b.bin", bytes: Uint8Array.of(0, 255, 128) },
];

Deno.test("E4: without rep.v1 files travel as base64", async () => {
  const rig = rigOf();
  await rig.authenticate({}, "");
  const done = rig.client.action("/channels/9/messages", {
    data: { content: "log" },
    files: FILES,
  });
  assert.deepEqual(rig.sent().files, [
    { name: "a.txt", type: "text/plain", base64: "aGk=" },
    { name: "b.bin", type: "application/octet-stream", base64: "AP+A" },
  ]);
  rig.answer(rig.sent());
  await done;
  await rig.client.close();
});

Deno.test("E5: with rep.v1 files travel as bytes behind the JSON of one frame", async () => {
  const rig = await readyRigOf();
  const done = rig.client.action("/channels/9/messages", {
    data: { content: "lög" },
    files: FILES,
    req: "f-1",
    reason: "why",
  });
  const sent = rig.socket.sent.at(-1);
  assert.ok(sent instanceof ArrayBuffer);
  const length = new DataView(sent).getUint32(0);
  const frame = new Uint8Array(sent);
  const json = JSON.parse(
    new TextDecoder().decode(frame.subarray(4, 4 + length)),
  );
  assert.deepEqual(json, {
    target: "/channels/9/messages",
    method: "ACTION",
    data: { content: "lög" },
    req: "f-1",
    opts: { reason: "why" },
    files: [
      { name: "a.txt", type: "text/plain", size: 2 },
      { name: "b.bin", type: "application/octet-stream", size: 3 },
    ],
  });
  assert.deepEqual([...frame.subarray(4 + length)], [104, 105, 0, 255, 128]);
  rig.answer(json);
  await done;
  await rig.client.close();
});

Deno.test("base64 is right at every length and for more bytes than one chunk", async () => {
  const rig = rigOf();
  await rig.authenticate({ limits: { maxPayload: 10_000_000 } }, "");
  for (const length of [0, 1, 2, 3, 32_767, 32_768, 32_769, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 7 % 256);
    const done = rig.client.action("/x", { files: [{ name: "f", bytes }] });
    const base64 = String(rig.sent().files?.[0]?.["base64"]);
    assert.deepEqual(
      Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)),
      bytes,
    );
    rig.answer(rig.sent());
    await done;
  }
  await rig.client.close();
});

Deno.test("files are sent again in the form the new connection takes", async () => {
  const rig = await readyRigOf();
  const done = rig.client.action("/x", { files: FILES });
  assert.ok(rig.socket.sent.at(-1) instanceof ArrayBuffer);
  rig.socket.end();
  await rig.clock.advance(125);
  await rig.authenticate({ resumed: true }, "");
  assert.equal(rig.sent().files?.[0]?.["base64"], "aGk=");
  rig.answer(rig.sent());
  await done;
  await rig.client.close();
});
