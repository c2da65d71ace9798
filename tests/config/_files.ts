import type { SettingFile } from "../../rest/config/setting_file.ts";

export function fileOf(
  setting: string,
  content: unknown,
  mode: number | null = 0o600,
): SettingFile {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return { setting, path: "/f", read: { ok: true, text, mode } };
}

export function missing(setting: string): SettingFile {
  const reason = "there is no such file";
  return { setting, path: "/f", read: { ok: false, reason } };
}
