import assert from "node:assert/strict";
import { readTls } from "../../rest/config/read_tls.ts";
import { fileOf, missing } from "./_files.ts";

const CERT = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
const keyOf = (kind: string) => `-----BEGIN ${kind}-----\nx\n`;
const PLAIN = keyOf("PRIVATE KEY");

function problemsOf(cert: string, key: string): string[] {
  const problems: string[] = [];
  const pair = readTls(
    fileOf("REST_TLS_CERT", cert),
    fileOf("REST_TLS_KEY", key),
    problems,
  );
  assert.equal(pair === undefined, problems.length > 0);
  return problems;
}

for (const kind of ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]) {
  Deno.test(`a certificate and a ${kind} are taken`, () => {
    assert.deepEqual(problemsOf(CERT, keyOf(kind)), []);
  });
}

Deno.test("what holds no certificate or no key is told, both at once", () => {
  assert.deepEqual(problemsOf(PLAIN, CERT), [
    'REST_TLS_CERT is "/f": want a file with a certificate in PEM',
    'REST_TLS_KEY is "/f": want a file with a private key in PEM',
  ]);
});

for (
  const locked of [
    keyOf("ENCRYPTED PRIVATE KEY"),
    `${keyOf("RSA PRIVATE KEY")}Proc-Type: 4,ENCRYPTED\n`,
  ]
) {
  Deno.test(`a locked key is told: ${locked.slice(0, 32)}`, () => {
    assert.deepEqual(problemsOf(CERT, locked), [
      'REST_TLS_KEY is "/f": want a key without a passphrase, which nobody could type in',
    ]);
  });
}

Deno.test("files that are not there are told", () => {
  const problems: string[] = [];
  readTls(missing("REST_TLS_CERT"), missing("REST_TLS_KEY"), problems);
  assert.deepEqual(problems, [
    'REST_TLS_CERT is "/f": there is no such file',
    'REST_TLS_KEY is "/f": there is no such file',
  ]);
});
