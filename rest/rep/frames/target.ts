import { Refusal } from "../../domain/refusal.ts";
import type { Target } from "../../domain/request.ts";
import { parseTarget } from "../../routes/parse_target.ts";

/** Targets of the proxy itself. No route of Discord's begins like them. */
const OWN = /^\/_rep(?:\/([^?]*))?(?:\?|$)/;

/** Begins with a scheme, with or without a host after it. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const ABSOLUTE = /^([a-z][a-z0-9+.-]*:\/\/[^/?#\\]*)(.*)$/is;

/**
 * The path and query of a target. A missing slash at its beginning is added
 * (C14), and an absolute URL of one of `origins` is reduced to its path and query
 * (C16). Nothing is resolved.
 */
export function pathOf(spelt: string, origins: readonly string[]): string {
  if (spelt.startsWith("/")) return spelt;
  if (!SCHEME.test(spelt)) return `/${spelt}`;
  const [, origin, rest] = ABSOLUTE.exec(spelt) ?? [];
  if (origin === undefined || !origins.includes(canonicalOrigin(origin))) {
    throw new Refusal(
      "bad_target",
      "Invalid target: an absolute URL must begin with the proxy's own address or Discord's; send the path alone",
    );
  }
  return rest?.startsWith("/") ? rest : `/${rest ?? ""}`;
}

const DEFAULT_PORT = /^(?:(http:\/\/.*):80|(https:\/\/.*):443)$/;

/** Scheme, host and port in lower case, without the port if it is the scheme's default. */
export function canonicalOrigin(origin: string): string {
  const lower = origin.toLowerCase();
  const match = DEFAULT_PORT.exec(lower);
  return match?.[1] ?? match?.[2] ?? lower;
}

/** The part of a target after `/_rep/`; undefined if it goes to Discord. */
export function ownTargetOf(path: string): string | undefined {
  const match = OWN.exec(path);
  return match === null ? undefined : match[1] ?? "";
}

/** Reads a path by the same rules as for HTTP requests (C17, C18). */
export function upstreamTarget(path: string, defaultVersion: number): Target {
  const parsed = parseTarget(path, defaultVersion);
  if (parsed.ok) return parsed.target;
  throw new Refusal("bad_target", `Invalid target: ${parsed.problem}`);
}
