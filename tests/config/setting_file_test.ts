import assert from "node:assert/strict";
import { permissionNote } from "../../rest/config/setting_file.ts";
import { fileOf, missing } from "./_files.ts";

const noteOf = (care: "secret" | "guarded" | "trusted", mode: number | null) =>
  permissionNote(fileOf("X", "", mode), care);

Deno.test("a secret is its owner's alone", () => {
  assert.deepEqual(noteOf("secret", 0o100600), []);
  assert.deepEqual(noteOf("secret", 0o100400), []);
  for (const mode of [0o100640, 0o100604, 0o100620]) {
    assert.deepEqual(noteOf("secret", mode), [
      `X is "/f": others than its owner may read or change it (mode ${
        (mode & 0o777).toString(8)
      })`,
    ]);
  }
});

Deno.test("a certificate's key may be read by its group", () => {
  assert.deepEqual(noteOf("guarded", 0o100640), []);
  assert.deepEqual(noteOf("guarded", 0o100644), [
    'X is "/f": everybody may read it, or its group change it (mode 644)',
  ]);
});

Deno.test("hashes may be read by everybody and changed by the owner alone", () => {
  assert.deepEqual(noteOf("trusted", 0o100644), []);
  assert.deepEqual(noteOf("trusted", 0o100664), [
    'X is "/f": others than its owner may change it (mode 664)',
  ]);
});

Deno.test("where there are no modes, or no file, nothing is said of them", () => {
  assert.deepEqual(noteOf("secret", null), []);
  assert.deepEqual(permissionNote(missing("X"), "secret"), []);
});
