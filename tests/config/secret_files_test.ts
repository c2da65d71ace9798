import assert from "node:assert/strict";
import {
  readSecretFile,
  SECRET_FILES,
} from "../../rest/config/secret_files.ts";
import type { SettingFile } from "../../rest/config/setting_file.ts";
import { fileOf, missing } from "./_files.ts";

const [[TOKEN], [AUTHORIZATION], [JOURNAL_KEY]] = SECRET_FILES;
const KEY = "a-key-of-these-tests";
const SETTING = "REST_AUTHORIZATION_FILE";

Deno.test("a secret is the text of its file, without what editors put around it", () => {
  for (const content of [KEY, `${KEY}\n`, ` ${KEY} \r\n`]) {
    const problems: string[] = [];
    const file = fileOf(SETTING, content);
    assert.equal(readSecretFile(AUTHORIZATION, "", file, problems), KEY);
    assert.deepEqual(problems, []);
  }
});

Deno.test("the journal's key may stand in a file, as hex digits or base64", () => {
  const hex = "0123456789abcdef".repeat(4);
  const base64 = btoa("a key of thirty-two bytes, for it");
  for (const key of [hex, base64.slice(0, 43) + "="]) {
    const problems: string[] = [];
    const file = fileOf("REST_JOURNAL_KEY_FILE", `${key}\n`);
    assert.equal(readSecretFile(JOURNAL_KEY, "", file, problems), key);
    assert.deepEqual(problems, []);
  }
  const problems: string[] = [];
  const file = fileOf("REST_JOURNAL_KEY_FILE", "0123456789abcdef");
  assert.equal(readSecretFile(JOURNAL_KEY, "", file, problems), undefined);
  assert.match(
    problems.join(),
    /^REST_JOURNAL_KEY_FILE is "\/f": what is in it/,
  );
  assert.doesNotMatch(problems.join(), /0123456789abcdef/);
});

const MISTAKES: ReadonlyArray<
  readonly [what: string, given: string, file: SettingFile, problem: string]
> = [
  [
    "beside its setting",
    "another-key-of-these-tests",
    fileOf(SETTING, KEY),
    'REST_AUTHORIZATION_FILE is "/f": want it without REST_AUTHORIZATION, which is set, too',
  ],
  [
    "that is not there",
    "",
    missing(SETTING),
    'REST_AUTHORIZATION_FILE is "/f": there is no such file',
  ],
  [
    "that is empty",
    "",
    fileOf(SETTING, "\n"),
    'REST_AUTHORIZATION_FILE is "/f": it is empty, want 16 to 256 visible ASCII characters; make one with: deno task key',
  ],
  [
    "with a short key in it",
    "",
    fileOf(SETTING, "short-secret"),
    'REST_AUTHORIZATION_FILE is "/f": what is in it cannot be used, want 16 to 256 visible ASCII characters; make one with: deno task key',
  ],
];

for (const [what, given, file, problem] of MISTAKES) {
  Deno.test(`a file ${what} is told in a sentence without the secret`, () => {
    const problems: string[] = [];
    const text = readSecretFile(AUTHORIZATION, given, file, problems);
    assert.equal(text, undefined);
    assert.deepEqual(problems, [problem]);
  });
}

Deno.test("a file of a token that holds none is told without showing it", () => {
  const problems: string[] = [];
  const file = fileOf("DISCORD_TOKEN_FILE", "hunter2hunter2");
  assert.equal(readSecretFile(TOKEN, "", file, problems), undefined);
  assert.equal(problems.length, 1);
  assert.ok(!problems[0]?.includes("hunter2"));
});
