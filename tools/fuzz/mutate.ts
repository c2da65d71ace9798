import type { Random } from "../../sim/model/random.ts";
import type { Draft } from "./corpus.ts";
import {
  CHUNK_SIZES,
  LINE_ENDS,
  LINES,
  METHODS,
  TARGET_PIECES,
  VERSIONS,
} from "./pieces.ts";

/** Longest run of bytes copied or cut out: shorter than a key, so that no mutation puts a key together. */
const SPAN_MAX = 8;

/** A long run is at most this long: above every bound on a head. */
const RUN_MAX = 70_000;
/** One request in this many has a long run; at this rate those cost as much time as all others. */
const RUN_ODDS = 400;

type DraftMutation = (draft: Draft, random: Random) => void;
type TextMutation = (text: string, random: Random) => string;

/** Mutations of the parts, while header and body are still apart. */
const DRAFT_MUTATIONS: readonly DraftMutation[] = [
  swapMethod,
  swapVersion,
  bendTarget,
  addLine,
  dropLine,
  repeatLine,
  moveLine,
  bendLength,
  cutBody,
  bendChunkSize,
];

/** Mutations of the bytes of the whole request. */
const TEXT_MUTATIONS: readonly TextMutation[] = [
  swapByte,
  addByte,
  cutSpan,
  copySpan,
  cutShort,
  swapLineEnd,
];

/** The request as bytes (one per character), after this many mutations. */
export function mutated(draft: Draft, changes: number, random: Random): string {
  let textChanges = 0;
  for (let change = 0; change < changes; change++) {
    if (random() < 0.5) pick(DRAFT_MUTATIONS, random)(draft, random);
    else textChanges++;
  }
  let text = textOf(draft);
  for (; textChanges > 0 && text !== ""; textChanges--) {
    text = pick(TEXT_MUTATIONS, random)(text, random);
  }
  if (below(RUN_ODDS, random) > 0) return text;
  return insert(text, anyByte(random).repeat(below(RUN_MAX, random)), random);
}

function textOf({ method, target, version, headers, body }: Draft): string {
  const lines = [`${method} ${target} ${version}`, ...headers, "", ""];
  return lines.join("\r\n") + body;
}

function swapMethod(draft: Draft, random: Random): void {
  draft.method = pick(METHODS, random);
}

function swapVersion(draft: Draft, random: Random): void {
  draft.version = pick(VERSIONS, random);
}

function bendTarget(draft: Draft, random: Random): void {
  draft.target = insert(draft.target, pick(TARGET_PIECES, random), random);
}

function addLine({ headers }: Draft, random: Random): void {
  headers.splice(below(headers.length + 1, random), 0, pick(LINES, random));
}

function dropLine({ headers }: Draft, random: Random): void {
  headers.splice(below(headers.length, random), 1);
}

function repeatLine({ headers }: Draft, random: Random): void {
  const [line] = headers.slice(below(headers.length, random));
  // A second key could reach upstream under a name that a later mutation gives it.
  if (line !== undefined && !/authorization/i.test(line)) headers.push(line);
}

function moveLine({ headers }: Draft, random: Random): void {
  headers.push(...headers.splice(below(headers.length, random), 1));
}

function bendLength(draft: Draft, random: Random): void {
  const by = below(20, random) - 10;
  draft.headers = draft.headers.map((line) => {
    const length = /^Content-Length: (\d+)$/.exec(line)?.[1];
    return length === undefined ? line : `Content-Length: ${+length + by}`;
  });
}

function cutBody(draft: Draft, random: Random): void {
  draft.body = cutShort(draft.body, random);
}

function bendChunkSize(draft: Draft, random: Random): void {
  const size = pick(CHUNK_SIZES, random);
  draft.body = draft.body.replace(/^[0-9a-f]+(?=\r\n)/, size);
}

function swapByte(text: string, random: Random): string {
  const at = below(text.length, random);
  return text.slice(0, at) + anyByte(random) + text.slice(at + 1);
}

function addByte(text: string, random: Random): string {
  return insert(text, anyByte(random), random);
}

function cutSpan(text: string, random: Random): string {
  const at = below(text.length, random);
  return text.slice(0, at) + text.slice(at + 1 + below(SPAN_MAX, random));
}

function copySpan(text: string, random: Random): string {
  const from = below(text.length, random);
  const span = text.slice(from, from + 1 + below(SPAN_MAX, random));
  return insert(text, span, random);
}

function cutShort(text: string, random: Random): string {
  return text.slice(0, below(text.length + 1, random));
}

function swapLineEnd(text: string, random: Random): string {
  const at = text.indexOf("\r\n", below(text.length, random));
  if (at < 0) return text;
  return text.slice(0, at) + pick(LINE_ENDS, random) + text.slice(at + 2);
}

function insert(text: string, piece: string, random: Random): string {
  const at = below(text.length + 1, random);
  return text.slice(0, at) + piece + text.slice(at);
}

function anyByte(random: Random): string {
  return String.fromCharCode(below(256, random));
}

function below(count: number, random: Random): number {
  return Math.floor(random() * count);
}

function pick<T>(all: readonly T[], random: Random): T {
  return all[below(all.length, random)] as T;
}
