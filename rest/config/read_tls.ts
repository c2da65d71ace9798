import type { TlsPair } from "../domain/tls_pair.ts";
import type { SettingFile } from "./setting_file.ts";

const CERT = "-----BEGIN CERTIFICATE-----";
const KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/;
const LOCKED_KEY =
  /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type:.*ENCRYPTED/m;

/** The certificate and its key; undefined with the problems told where they cannot be such. */
export function readTls(
  certFile: SettingFile,
  keyFile: SettingFile,
  problems: string[],
): TlsPair | undefined {
  const cert = textIn(certFile, problems);
  const key = textIn(keyFile, problems);
  const tell = ({ setting, path }: SettingFile, wanted: string) =>
    void problems.push(`${setting} is ${JSON.stringify(path)}: want ${wanted}`);
  if (cert !== undefined && !cert.includes(CERT)) {
    tell(certFile, "a file with a certificate in PEM");
  }
  if (key !== undefined && LOCKED_KEY.test(key)) {
    tell(keyFile, "a key without a passphrase, which nobody could type in");
  } else if (key !== undefined && !KEY.test(key)) {
    tell(keyFile, "a file with a private key in PEM");
  }
  if (problems.length > 0 || cert === undefined || key === undefined) {
    return undefined;
  }
  return { cert, key };
}

function textIn(
  { setting, path, read }: SettingFile,
  problems: string[],
): string | undefined {
  if (read.ok) return read.text;
  problems.push(`${setting} is ${JSON.stringify(path)}: ${read.reason}`);
  return undefined;
}
