import { createRandom, type Random } from "../../sim/model/random.ts";
import { draw, type Secrets } from "./corpus.ts";
import { mutated } from "./mutate.ts";
import { NoResponse, ResponseReader } from "./response_reader.ts";
import { problemOf, secretIn, withoutEcho } from "./rules.ts";

/** What one connection sends: the same for the same seed and number. */
export interface Attack {
  readonly requests: number;
  /** Bytes as they are written, one character each. */
  readonly pieces: readonly string[];
}

/** What came of it. */
export interface AttackResult {
  readonly statuses: readonly number[];
  /** The first rule that was broken. */
  readonly problem: string | undefined;
}

/** Few: most malformed requests end their connection, and later ones on it are never read. */
const REQUESTS_MAX = 3;
const PIECES_MAX = 3;
const CHANGES_MAX = 3;

/** A server that is silent for this long waits for more of the request. On a busy machine many answers take more than 40 ms; what comes too late is not checked. */
const QUIET_MS = 200;

/** Spreads neighbouring numbers over all seeds. */
const GOLDEN = 0x9e3779b1;

/** Composes what connection `number` sends. */
export function planAttack(
  seed: number,
  number: number,
  secrets: Secrets,
): Attack {
  const random = createRandom(seed + Math.imul(number, GOLDEN));
  const requests = 1 + Math.floor(random() * REQUESTS_MAX);
  let text = "";
  for (let n = 0; n < requests; n++) {
    const changes = 1 + Math.floor(random() * CHANGES_MAX);
    text += mutated(draw(random, secrets), changes, random);
  }
  return { requests, pieces: cut(text, random) };
}

function cut(text: string, random: Random): string[] {
  const ends = Array.from(
    { length: Math.floor(random() * PIECES_MAX) },
    () => Math.floor(random() * text.length),
  ).sort((a, b) => a - b);
  return [...ends, text.length].map((end, n) =>
    text.slice(ends[n - 1] ?? 0, end)
  )
    .filter((piece) => piece !== "");
}

/** Sends it and checks every byte that comes back. */
export async function carryOut(
  { requests, pieces }: Attack,
  port: number,
  secrets: Secrets,
): Promise<AttackResult> {
  const reader = new ResponseReader();
  const statuses: number[] = [];
  let received = "";
  let problem: string | undefined;
  const take = (text: string) => {
    received += text;
    for (const response of reader.push(text)) {
      statuses.push(response.status);
      problem ??= problemOf(response);
    }
    return statuses.length < requests && problem === undefined;
  };
  try {
    await converse(port, pieces, take);
  } catch (error) {
    if (!(error instanceof NoResponse)) throw error;
    problem ??= error.message;
  }
  const secret = secretIn(withoutEcho(received), secrets);
  if (secret !== undefined) problem ??= `an answer tells ${secret}`;
  return { statuses, problem };
}

/** Writes and reads at once, until `take` has enough, the other side closes, or nothing comes any more. */
async function converse(
  port: number,
  pieces: readonly string[],
  take: (text: string) => boolean,
): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let heardAtMs = performance.now();
  let isClosed = false;
  const close = () => {
    if (!isClosed) connection.close();
    isClosed = true;
  };
  const watch = setInterval(() => {
    if (performance.now() - heardAtMs > QUIET_MS) close();
  }, QUIET_MS / 2);
  const writing = write(connection, pieces);
  try {
    const buffer = new Uint8Array(16 * 1024);
    for (;;) {
      const count = await connection.read(buffer).catch(() => null);
      if (count === null) break;
      heardAtMs = performance.now();
      if (!take(latin1Of(buffer.subarray(0, count)))) break;
    }
  } finally {
    clearInterval(watch);
    close();
    await writing;
  }
}

async function write(
  connection: Deno.TcpConn,
  pieces: readonly string[],
): Promise<void> {
  try {
    for (const piece of pieces) {
      let bytes = Uint8Array.from(piece, (each) => each.charCodeAt(0));
      while (bytes.length > 0) {
        bytes = bytes.subarray(await connection.write(bytes));
      }
    }
  } catch {
    // The other side has heard enough, or we have.
  }
}

function latin1Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
