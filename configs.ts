import {
  type ReadSettings,
  readSettings,
} from "./rest/config/read_settings.ts";
import { SETTINGS } from "./rest/config/settings.ts";

/** Reads the settings from the environment (`--env-file` has put `.env` there); the only file that does. */
export function loadSettings(): ReadSettings {
  return readSettings(readEnv());
}

function readEnv(): Record<string, string | undefined> {
  try {
    return Deno.env.toObject();
  } catch {
    // Hosts that grant single names do not let the environment be listed:
    // misspelt names then go unnoticed, known ones are read all the same.
    const names = Object.values(SETTINGS).map((setting) => setting.name);
    return Object.fromEntries(names.map((name) => [name, Deno.env.get(name)]));
  }
}
