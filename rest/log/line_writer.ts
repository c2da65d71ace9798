/** Takes lines at once and writes them when it can. */
export interface LineWriter {
  /** Never blocks, never throws; a line that finds no room is dropped and counted. */
  line(text: string): void;
  /** Settles when everything taken so far is written, or can never be. */
  flush(): Promise<void>;
}

/** The part of a stream that is needed here. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Held while whoever reads the log is slow: some 10,000 lines, and no more of our memory than that. */
const PENDING_CHARS_MAX = 4_194_304;

const encoder = new TextEncoder();

/** A log must neither stop the proxy nor fill its memory, so what comes too fast is dropped, and said so. */
export function createLineWriter(
  sink: ByteSink,
  describeLoss: (lines: number) => string,
): LineWriter {
  let pending: string[] = [];
  let pendingChars = 0;
  let lostLines = 0;
  let isBroken = false;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (pending.length > 0 && !isBroken) {
      if (lostLines > 0) pending.push(describeLoss(lostLines));
      const bytes = encoder.encode(pending.join("\n") + "\n");
      pending = [];
      pendingChars = 0;
      lostLines = 0;
      // A closed pipe: there is nobody left to tell.
      isBroken = !await writeWhole(sink, bytes);
    }
    writing = undefined;
  }

  return {
    line(text) {
      if (isBroken) return;
      if (pendingChars + text.length > PENDING_CHARS_MAX) {
        lostLines++;
        return;
      }
      pending.push(text);
      pendingChars += text.length;
      writing ??= writeAll();
    },
    flush: () => writing ?? Promise.resolve(),
  };
}

async function writeWhole(sink: ByteSink, bytes: Uint8Array): Promise<boolean> {
  try {
    let written = 0;
    while (written < bytes.length) {
      written += await sink.write(bytes.subarray(written));
    }
    return true;
  } catch {
    return false;
  }
}
