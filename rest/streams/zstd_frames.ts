/** Sizes of the fields that a frame's first byte announces, by their codes (RFC 8878, 3.1.1.1). */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

const MAGIC = 0xfd2f_b528;
/** Frames of data for programs; the last four bits are free. */
const SKIPPABLE_MAGIC = 0x184d_2a50;
const RLE_BLOCK = 1;

/** The frames that these bytes are, without the skippable ones; undefined where one breaks off or more follows. */
export function zstdFramesOf(
  bytes: Uint8Array,
): readonly Uint8Array[] | undefined {
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = endOfFrame(bytes, at);
    if (end === undefined || end > bytes.length) return undefined;
    if (!isSkippable(bytes, at)) frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

function isSkippable(bytes: Uint8Array, start: number): boolean {
  const magic = numberAt(bytes, start, 4);
  return magic - magic % 16 === SKIPPABLE_MAGIC;
}

/** Where the frame that begins at `start` ends, which may be behind the last byte; undefined: there is none, or it breaks off. */
function endOfFrame(bytes: Uint8Array, start: number): number | undefined {
  if (start + 8 > bytes.length) return undefined;
  if (isSkippable(bytes, start)) {
    return start + 8 + numberAt(bytes, start + 4, 4);
  }
  if (numberAt(bytes, start, 4) !== MAGIC) return undefined;
  const described = numberAt(bytes, start + 4, 1);
  const isSingleSegment = (described & 32) !== 0;
  const hasChecksum = (described & 4) !== 0;
  const sizeCode = described >> 6;
  const sizeBytes = sizeCode === 0 && isSingleSegment
    ? 1
    : CONTENT_SIZE_BYTES[sizeCode] ?? 0;
  const dictionaryBytes = DICTIONARY_ID_BYTES[described & 3] ?? 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const blocksEnd = endOfBlocks(
    bytes,
    start + 5 + windowBytes + dictionaryBytes + sizeBytes,
  );
  return blocksEnd === undefined
    ? undefined
    : blocksEnd + (hasChecksum ? 4 : 0);
}

/** A block has a header of three bytes: whether it is the last, its type, and its size (RFC 8878, 3.1.1.2). */
function endOfBlocks(bytes: Uint8Array, start: number): number | undefined {
  let at = start;
  while (at + 3 <= bytes.length) {
    const header = numberAt(bytes, at, 3);
    const type = (header >> 1) & 3;
    at += 3 + (type === RLE_BLOCK ? 1 : header >> 3);
    if ((header & 1) === 1) return at;
  }
  return undefined;
}

/** A number of so many bytes, the lowest first. */
function numberAt(bytes: Uint8Array, at: number, length: number): number {
  let number = 0;
  for (let up = length - 1; up >= 0; up--) {
    number = number * 256 + (bytes[at + up] ?? 0);
  }
  return number;
}
