/**
 * SQLite takes the first frame of its log that is not as it was written for the
 * log's end, and says nothing: one flipped bit would undo every change behind
 * it. Whoever is killed leaves no whole change behind a broken one, so a commit
 * there is the proof of damage. (A machine that lost its power may: it writes
 * its pages in any order.) Format: sqlite.org/fileformat2.html, "The WAL".
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** Of the header and of a frame's own header, what their checksums cover. */
const HEADER_SUMMED_BYTES = 24;
const FRAME_SUMMED_BYTES = 8;

/** The lowest bit of the magic number says which end of a word comes first. */
const MAGIC = 0x37_7f_06_82;

type Sums = readonly [number, number];

/** Whether changes are in a log that SQLite would not read. */
export function isLogDamaged(log: Uint8Array<ArrayBuffer>): boolean {
  if (log.byteLength <= HEADER_BYTES) return false;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const magic = view.getUint32(0);
  // A header of zeros was never written.
  if ((magic & ~1) !== MAGIC) return magic !== 0;
  const isLittleEnd = (magic & 1) === 0;
  const start: Sums = [0, 0];
  let sums = summed(view, 0, HEADER_SUMMED_BYTES, start, isLittleEnd);
  if (!areAt(view, HEADER_SUMMED_BYTES, sums)) return true;

  const frameBytes = FRAME_HEADER_BYTES + view.getUint32(8);
  let isBroken = false;
  for (
    let at = HEADER_BYTES;
    at + frameBytes <= log.byteLength;
    at += frameBytes
  ) {
    const isOfThisLog = view.getUint32(at + 8) === view.getUint32(16) &&
      view.getUint32(at + 12) === view.getUint32(20);
    if (isBroken) {
      if (isOfThisLog && view.getUint32(at + 4) !== 0) return true;
      continue;
    }
    sums = summed(view, at, FRAME_SUMMED_BYTES, sums, isLittleEnd);
    const pageAt = at + FRAME_HEADER_BYTES;
    sums = summed(
      view,
      pageAt,
      frameBytes - FRAME_HEADER_BYTES,
      sums,
      isLittleEnd,
    );
    isBroken = !isOfThisLog || !areAt(view, at + 16, sums);
  }
  return false;
}

function areAt(view: DataView, at: number, [first, second]: Sums): boolean {
  return view.getUint32(at) === first && view.getUint32(at + 4) === second;
}

function summed(
  view: DataView,
  from: number,
  bytes: number,
  [first, second]: Sums,
  isLittleEnd: boolean,
): Sums {
  for (let at = from; at < from + bytes; at += 8) {
    first = (first + view.getUint32(at, isLittleEnd) + second) >>> 0;
    second = (second + view.getUint32(at + 4, isLittleEnd) + first) >>> 0;
  }
  return [first, second];
}
