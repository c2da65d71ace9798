import type { Target } from "../domain/request.ts";

/** A target in its parts, or what is wrong with it. */
export type ParsedTarget =
  | { readonly ok: true; readonly target: Target }
  /** `problem` completes "Cannot read path: …". */
  | { readonly ok: false; readonly problem: string };

/** Versions 6 and 7 give limits in milliseconds; older ones are gone (docs: API versioning). */
const VERSION_MIN = 8;
/** Two digits leave room for decades of versions and keep "v100" a typo. */
const VERSION_MAX = 99;

/** Cloudflare takes URLs of up to 16 KB in front of Discord; longer ones could only fail there. */
const TARGET_CHARS_MAX = 16_384;

/** Decoders in a row that we reckon with upstream (Cloudflare, Discord) and one to spare. */
const DECODE_DEPTH_MAX = 3;

/** `/api` and `/v{n}` in front are ours to read; the rest is only looked at. */
const SHAPE =
  /^(?:\/api(?=\/|\?|$))?(?:\/v([0-9]+)(?=\/|\?|$))?(\/[^?]*)?(\?.*)?$/s;

/** The same once more: a base URL that ends in what the library adds itself. Discord has no such path. */
const PREFIXED_AGAIN = /^(?:\/(?:api|v([0-9]{1,8})))+(?=\/|$)/;

/** What a plain path never has: anything but visible ASCII, `#`, `\`, `%`, an empty or dotted segment. */
const ODD_IN_PATH = /[^!"$-[\]-~]|%|\/[/.]/;
/** A query is data: only what would end it or break the request line counts. */
const ODD_IN_QUERY = /[^!"$-~]/;

/** Servlet containers cut a segment's parameters off before they resolve it: `..;x` is `..` to them. */
const DOT_SEGMENT = /\/\.{1,2}(?:;[^/]*)?(?:\/|$)/;
/** Blanks, `#` and control characters cannot stand raw in a request line. */
// deno-lint-ignore no-control-regex
const RAW_FORBIDDEN = /[\x00-\x20#\x7f]/;
/** An encoded slash, backslash or control character. */
const ENCODED_FORBIDDEN = /%(?:2f|5c|[01][0-9a-f]|7f)/i;
/**
 * Bytes that begin a sequence longer than its character needs (RFC 3629, 3), and
 * stand in no UTF-8: a careless decoder reads `%c0%ae` as a dot.
 */
const ENCODED_OVERLONG = /%(?:c[01]|e0%[89][0-9a-f]|f0%8[0-9a-f]|f[89a-d])/i;
const ASCII_ESCAPE = /%[2-7][0-9a-f]/gi;
// deno-lint-ignore no-control-regex
const NON_ASCII = /[^\x00-\x7f]+/g;

/**
 * Reads a request target as it stands on the wire (path and optional query).
 *
 * `/api/v{n}/…`, `/api/…`, `/v{n}/…` and `/…` name the same route. What follows
 * the version is kept byte for byte or refused: the upstream URL is built by
 * concatenation, so a path that some server could resolve to another one must
 * not pass. Only raw non-ASCII is percent-encoded, as every HTTP client does.
 */
export function parseTarget(raw: string, defaultVersion: number): ParsedTarget {
  if (raw.length > TARGET_CHARS_MAX) {
    return no(
      `it has ${raw.length} characters, at most ${TARGET_CHARS_MAX} are taken`,
    );
  }
  if (!raw.startsWith("/")) return no("it does not begin with /");
  const shape = SHAPE.exec(raw);
  const path = shape?.[2];
  if (path === undefined || path === "/") return no("it names no route");

  const query = shape?.[3] ?? "";
  const isOddPath = ODD_IN_PATH.test(path);
  const isOddQuery = ODD_IN_QUERY.test(query);
  const problem = versionProblem(shape?.[1]) ??
    prefixProblem(path, shape?.[1] ?? String(defaultVersion)) ??
    (isOddPath ? pathProblem(path) : undefined) ??
    (isOddQuery ? rawProblem(query) : undefined);
  if (problem !== undefined) return no(problem);

  const version = shape?.[1] === undefined ? defaultVersion : Number(shape[1]);
  return {
    ok: true,
    target: {
      version,
      path: isOddPath ? toAscii(path) : path,
      query: isOddQuery ? toAscii(query) : query,
    },
  };
}

function no(problem: string): ParsedTarget {
  return { ok: false, problem };
}

function versionProblem(digits: string | undefined): string | undefined {
  if (digits === undefined) return undefined;
  const wanted = `use v${VERSION_MIN} or later, or leave the version out`;
  if (digits === "6" || digits === "7") {
    return `API v${digits} gives its limits in milliseconds, which is not supported; ${wanted}`;
  }
  const version = Number(digits);
  // A leading zero would go upstream as another spelling than the caller's.
  const isServed = version >= VERSION_MIN && version <= VERSION_MAX &&
    !digits.startsWith("0");
  return isServed
    ? undefined
    : `API v${digits.slice(0, 8)} is not served; ${wanted}`;
}

function prefixProblem(path: string, version: string): string | undefined {
  const again = PREFIXED_AGAIN.exec(path);
  if (again === null) return undefined;
  return `it has /api or the version twice: want /api/v${
    again[1] ?? version
  }/… once; let the library's base URL end before what the library adds, such as http://host:8000/api for discord.js and http://host:8000 for discordeno`;
}

function rawProblem(text: string): string | undefined {
  if (RAW_FORBIDDEN.test(text)) {
    return "it has a blank, a # or a control character that is not percent-encoded";
  }
  // A lone surrogate has no bytes; only a WebSocket frame can carry one.
  if (!text.isWellFormed()) return "it has half a character (a lone surrogate)";
  return undefined;
}

function pathProblem(path: string): string | undefined {
  const problem = rawProblem(path);
  if (problem !== undefined) return problem;
  if (path.includes("//")) {
    return "it has an empty segment (//); look for a base URL that ends in /";
  }
  if (path.includes("\\")) return "it has a backslash";

  let text = path;
  for (let depth = 0; depth <= DECODE_DEPTH_MAX; depth++) {
    if (DOT_SEGMENT.test(text)) return "it has a dot segment (. or ..)";
    // No emoji, code or token of Discord's has a slash in it (tokens are
    // base64url, or base64 of text without `?`), so nothing real is lost.
    if (ENCODED_FORBIDDEN.test(text)) {
      return "it has an encoded slash, backslash or control character";
    }
    if (ENCODED_OVERLONG.test(text)) {
      return "it has an overlong UTF-8 sequence, which some servers read as a dot or a slash";
    }
    const decoded = text.replace(ASCII_ESCAPE, decodeEscape);
    if (decoded === text) return undefined;
    text = decoded;
  }
  return `it is percent-encoded more than ${DECODE_DEPTH_MAX} times over`;
}

function decodeEscape(escape: string): string {
  return String.fromCharCode(parseInt(escape.slice(1), 16));
}

function toAscii(text: string): string {
  return text.replace(NON_ASCII, encodeURIComponent);
}
