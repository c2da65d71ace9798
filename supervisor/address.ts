import { existsSync, parseEnv, readFileSync } from "./deps.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The file of settings, in the working directory. */
export const ENV_FILE = ".env";

/** Where the proxy listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The proxy's own defaults; a test holds them equal. */
const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = "8000";

/** Settings from `.env`, where the environment does not have them. */
export function settingsOf(env: Env): Env {
  if (!existsSync(ENV_FILE)) return env;
  return { ...parseEnv(readFileSync(ENV_FILE, "utf8")), ...env };
}

/**
 * The address whose socket can be held; undefined where the proxy opens one
 * itself: with TLS, on a Unix socket, and where it has to refuse the port.
 */
export function addressOf(settings: Env): Address | undefined {
  const read = (name: string) => settings[name]?.trim() ?? "";
  if (read("REST_TLS_CERT") !== "" || read("REST_SOCKET") !== "") {
    return undefined;
  }
  const port = read("REST_PORT") || DEFAULT_PORT;
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) return undefined;
  return { host: read("REST_HOST") || DEFAULT_HOST, port: Number(port) };
}
