import type { SettingFile } from "./setting_file.ts";
import { SETTINGS } from "./settings.ts";

/** Secrets that may stand in a file of their own: the settings of the secret and of its file. */
export const SECRET_FILES = [
  [SETTINGS.discordToken, SETTINGS.discordTokenFile],
  [SETTINGS.authorization, SETTINGS.authorizationFile],
  [SETTINGS.journalKey, SETTINGS.journalKeyFile],
] as const;

type SecretSetting = (typeof SECRET_FILES)[number][0];

/**
 * The secret's text: what stands in the environment, or in its file; undefined,
 * with the problem told, where the file does not give it.
 */
export function readSecretFile(
  { name, kind }: SecretSetting,
  given: string,
  file: SettingFile,
  problems: string[],
): string | undefined {
  const { setting, path, read } = file;
  const about = `${setting} is ${JSON.stringify(path)}`;
  if (given !== "") {
    problems.push(`${about}: want it without ${name}, which is set, too`);
  } else if (!read.ok) {
    problems.push(`${about}: ${read.reason}`);
  } else {
    // Editors and `echo` end a file in a line feed.
    const text = read.text.trim();
    if (text !== "" && kind.parse(text) !== undefined) return text;
    const found = text === "" ? "it is empty" : "what is in it cannot be used";
    problems.push(`${about}: ${found}, want ${kind.wanted}`);
  }
  return undefined;
}
