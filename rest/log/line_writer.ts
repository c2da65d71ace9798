/** Takes lines at once and writes them when it can. */
export interface LineWriter {
  /** Never blocks, never throws; a line that finds no room is dropped and counted. */
  line(text: string): void;
  /** Settles when everything taken so far is written or dropped. */
  flush(): Promise<void>;
}

/** The part of a stream that is needed here. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** How much is buffered while the log's reader is slow: some 10,000 lines. */
const PENDING_CHARS_MAX = 4_194_304;

const LINE_FEED = 10;

const encoder = new TextEncoder();

/**
 * A log must neither stop the proxy nor fill its memory, so a line that cannot
 * be written now is dropped, and the next line that can is followed by how many
 * were. A full disk may have room again; a closed pipe never opens.
 */
export function createLineWriter(
  sink: ByteSink,
  describeLoss: (lines: number) => string,
): LineWriter {
  let pending: string[] = [];
  let pendingChars = 0;
  let droppedLines = 0;
  let isClosed = false;
  /** The last line stands half written: what follows begins with a line feed. */
  let isTorn = false;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (pending.length > 0 && !isClosed) await writePending();
    writing = undefined;
  }

  async function writePending(): Promise<void> {
    const lines = pending;
    const toldLines = droppedLines;
    pending = [];
    pendingChars = 0;
    droppedLines = 0;
    const notes = toldLines > 0 ? [describeLoss(toldLines)] : [];
    const start = isTorn ? "\n" : "";
    const bytes = encoder.encode(
      start + [...lines, ...notes].join("\n") + "\n",
    );
    const { written, error } = await writeWhole(sink, bytes);
    if (written > 0) isTorn = bytes[written - 1] !== LINE_FEED;
    if (error === undefined) return;
    isClosed = error instanceof Deno.errors.BrokenPipe;
    const whole = lineFeedsIn(bytes.subarray(start.length, written));
    droppedLines += Math.max(0, lines.length - whole) + toldLines;
  }

  return {
    line(text) {
      if (isClosed) return;
      if (pendingChars + text.length > PENDING_CHARS_MAX) {
        droppedLines++;
        return;
      }
      pending.push(text);
      pendingChars += text.length;
      writing ??= writeAll();
    },
    flush: () => writing ?? Promise.resolve(),
  };
}

/** Writes until everything is out or the sink fails, and tells how far it came. */
async function writeWhole(
  sink: ByteSink,
  bytes: Uint8Array,
): Promise<{ readonly written: number; readonly error?: unknown }> {
  let written = 0;
  try {
    while (written < bytes.length) {
      written += await sink.write(bytes.subarray(written));
    }
    return { written };
  } catch (error) {
    return { written, error };
  }
}

function lineFeedsIn(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count++;
  return count;
}
