/** What came back on a raw socket. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case, in the order received. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** One character per byte. */
  readonly body: string;
}

/** Sends `text` (one byte per character) on a connection of its own and reads one response. */
export async function exchange(
  port: number,
  text: string,
): Promise<RawResponse> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  return await exchangeOver(connection, text);
}

/** The same on a connection that is open already; closes it. */
export async function exchangeOver(
  connection: Deno.Conn,
  text: string,
): Promise<RawResponse> {
  try {
    await writeAll(connection, text);
    return await readResponse(connection);
  } finally {
    connection.close();
  }
}

export async function writeAll(
  connection: Deno.Conn,
  text: string,
): Promise<void> {
  let bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  while (bytes.length > 0) {
    bytes = bytes.subarray(await connection.write(bytes));
  }
}

/** Reads one response by its own framing. */
export async function readResponse(
  connection: Deno.Conn,
): Promise<RawResponse> {
  let received = "";
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const response = parse(received);
    if (response !== undefined) return response;
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`Cut off after ${received}`);
    received += latin1(buffer.subarray(0, count));
  }
}

export function headerIn(
  response: RawResponse,
  name: string,
): string | undefined {
  return response.headers.find((field) => field[0] === name)?.[1];
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function parse(received: string): RawResponse | undefined {
  const interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const text = received.startsWith(interim)
    ? received.slice(interim.length)
    : received;
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [
      line.slice(0, colon).toLowerCase(),
      line.slice(colon + 1).trim(),
    ] as const;
  });
  const status = Number(statusLine.split(" ")[1]);
  const rest = text.slice(headEnd + 4);
  const length = headers.find(([name]) => name === "content-length")?.[1];
  if (length !== undefined) {
    return rest.length < Number(length)
      ? undefined
      : { status, headers, body: rest.slice(0, Number(length)) };
  }
  if (headers.some(([name]) => name === "transfer-encoding")) {
    const body = unchunk(rest);
    return body === undefined ? undefined : { status, headers, body };
  }
  return { status, headers, body: "" };
}

function unchunk(text: string): string | undefined {
  let body = "";
  let rest = text;
  for (;;) {
    const lineEnd = rest.indexOf("\r\n");
    if (lineEnd === -1) return undefined;
    const size = parseInt(rest.slice(0, lineEnd), 16);
    if (rest.length < lineEnd + 2 + size + 2) return undefined;
    if (size === 0) return body;
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    rest = rest.slice(lineEnd + 2 + size + 2);
  }
}
