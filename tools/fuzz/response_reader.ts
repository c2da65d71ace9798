/** One response as it came off the wire, one character per byte. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case; of a repeated name, all values joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Thrown at bytes that are no HTTP response. */
export class NoResponse extends Error {
  override readonly name = "NoResponse";
}

const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: [\t -~]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)$/;
const LENGTH = /^[0-9]{1,15}$/;
const CHUNK_HEAD = /^([0-9a-f]{1,12})(?:;[\t -~]*)?$/i;

/** Statuses that end with their headers (RFC 9112, 6.3). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);
const SWITCHING_PROTOCOLS = 101;

/** No header block of ours comes near; without it, nonsense without an end would be kept. */
const HEAD_CHARS_MAX = 128 * 1024;

/** Cuts a server's bytes into responses, and accepts only responses that keep the rules of HTTP. */
export class ResponseReader {
  readonly #isHead: boolean;
  #text = "";
  #isUpgraded = false;

  /** `isHead`: the requests were HEAD, whose answers have no body whatever their length says. */
  constructor(isHead = false) {
    this.#isHead = isHead;
  }

  /** The bytes of a response that is not complete yet. */
  get rest(): string {
    return this.#text;
  }

  /** Takes bytes; returns the final responses they complete. Throws `NoResponse`. */
  push(text: string): WireResponse[] {
    if (this.#isUpgraded) return [];
    this.#text += text;
    const whole: WireResponse[] = [];
    for (;;) {
      const found = read(this.#text, this.#isHead);
      if (found === undefined) return whole;
      this.#text = this.#text.slice(found.end);
      const { status } = found.response;
      if (status >= 200 || status === SWITCHING_PROTOCOLS) {
        whole.push(found.response);
      }
      if (status === SWITCHING_PROTOCOLS) {
        this.#isUpgraded = true;
        return whole;
      }
    }
  }
}

interface Found {
  readonly response: WireResponse;
  /** Where the next response begins. */
  readonly end: number;
}

function read(text: string, isHead: boolean): Found | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) {
    if (
      text.length > HEAD_CHARS_MAX || !"HTTP/1.".startsWith(text.slice(0, 7))
    ) {
      throw new NoResponse(`No response begins with ${quoted(text)}`);
    }
    return undefined;
  }
  const [first = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const status = Number(STATUS_LINE.exec(first)?.[1]);
  if (Number.isNaN(status)) {
    throw new NoResponse(`No status line: ${quoted(first)}`);
  }
  const headers = readFields(lines);
  const start = headEnd + 4;
  const isBodiless = isHead || status < 200 || BODILESS.has(status);
  const body = isBodiless
    ? { text: "", end: start }
    : readBody(text, start, headers);
  if (body === undefined) return undefined;
  return { response: { status, headers, body: body.text }, end: body.end };
}

function readFields(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ""] = FIELD.exec(line) ?? [];
    if (name === undefined) throw new NoResponse(`No header: ${quoted(line)}`);
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

type Body = { readonly text: string; readonly end: number } | undefined;

function readBody(
  text: string,
  start: number,
  headers: ReadonlyMap<string, string>,
): Body {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (coding !== undefined) {
    if (length !== undefined || coding.toLowerCase() !== "chunked") {
      throw new NoResponse(`No one framing: ${quoted(coding)} and a length`);
    }
    return readChunks(text, start);
  }
  if (length === undefined || !LENGTH.test(length)) {
    throw new NoResponse(`No length: ${quoted(length ?? "")}`);
  }
  const end = start + Number(length);
  return text.length < end ? undefined : { text: text.slice(start, end), end };
}

function readChunks(text: string, start: number): Body {
  let body = "";
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    const digits = CHUNK_HEAD.exec(line)?.[1];
    if (digits === undefined) throw new NoResponse(`No chunk: ${quoted(line)}`);
    const size = parseInt(digits, 16);
    const from = lineEnd + 2;
    if (text.length < from + size + 2) return undefined;
    if (text.slice(from + size, from + size + 2) !== "\r\n") {
      throw new NoResponse("No end of a chunk where it was announced");
    }
    body += text.slice(from, from + size);
    at = from + size + 2;
    if (size === 0) return { text: body, end: at };
  }
}

/** Enough of the bytes to show what they were. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
