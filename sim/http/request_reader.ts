import type { HeaderList } from "../model/request.ts";
import {
  endOfHead,
  type Head,
  latin1,
  NO_HEAD,
  parseHead,
} from "./request_head.ts";

/** A request as it was received. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  /** The first bytes of the body, at most `keepBytes`. */
  readonly body: Uint8Array;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  /** False when the caller wants the connection closed after the answer. */
  readonly isKeptAlive: boolean;
  /** Set when the bytes were no request, or one too large to read: the status to answer with. */
  readonly refusedWith: number | undefined;
}

/** Digest of a body that comes in pieces. */
export interface BodyHash {
  update(chunk: Uint8Array): void;
  hex(): string;
}

/** What a reader is made with. */
export interface ReaderOptions {
  /** How much of a body is kept; the rest is only counted and hashed. */
  readonly keepBytes: number;
  /** Declared lengths beyond this are refused unread. */
  readonly bodyLimitBytes: () => number;
  readonly createHash: () => BodyHash;
  readonly onRequest: (request: WireRequest) => void;
  /** The caller waits for `100 Continue`. */
  readonly onExpect: () => void;
}

/** A head beyond this is no real client's; Discord's own bound is lower. */
const HEAD_MAX_BYTES = 128 * 1024;

const EMPTY = new Uint8Array(0);
/** Digest of no bytes, so that bodiless requests cost no hashing. */
const EMPTY_SHA256 =
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

type Stage = "head" | "length" | "chunk head" | "chunk" | "trailer" | "dead";

/**
 * HTTP/1.1 as sent, without any tidying: targets, names and values are kept
 * byte for byte (as latin1). A parser of our own, because every ready-made
 * server either normalises targets or refuses what a test must be able to send.
 */
export class RequestReader {
  readonly #options: ReaderOptions;
  #stage: Stage = "head";
  #pending: Uint8Array = EMPTY;
  #left = 0;
  #head: Head | undefined;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #bodyBytes = 0;
  #hash: BodyHash | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Takes bytes off the wire; calls `onRequest` for every request they complete. */
  push(chunk: Uint8Array): void {
    let rest = this.#pending.length === 0
      ? chunk
      : concat([this.#pending, chunk]);
    this.#pending = EMPTY;
    while (rest.length > 0 && this.#stage !== "dead") {
      const next = this.#step(rest);
      if (next === undefined) {
        this.#pending = rest.slice();
        if (rest.length > HEAD_MAX_BYTES) this.#refuse(431);
        return;
      }
      rest = next;
    }
  }

  /** Uses up some bytes and returns the others; undefined when more are needed. */
  #step(bytes: Uint8Array): Uint8Array | undefined {
    switch (this.#stage) {
      case "head":
        return this.#readHead(bytes);
      case "length":
        return this.#readLength(bytes);
      case "chunk head":
        return this.#readChunkHead(bytes);
      case "chunk":
        return this.#readChunk(bytes);
      case "trailer":
        return this.#readTrailer(bytes);
      case "dead":
        return EMPTY;
    }
  }

  #readHead(bytes: Uint8Array): Uint8Array | undefined {
    const end = endOfHead(bytes);
    if (end < 0) return undefined;
    const head = parseHead(latin1(bytes.subarray(0, end)));
    if (head === undefined) {
      this.#refuse(400);
      return EMPTY;
    }
    this.#head = head;
    const rest = bytes.subarray(end + 4);
    if (head.length > this.#options.bodyLimitBytes()) {
      this.#bodyBytes = head.length;
      this.#refuse(413);
      return EMPTY;
    }
    const hasBody = head.isChunked || head.length > 0;
    if (hasBody && head.isExpecting) this.#options.onExpect();
    if (head.isChunked) {
      this.#stage = "chunk head";
    } else if (head.length > 0) {
      this.#stage = "length";
      this.#left = head.length;
    } else {
      this.#finish();
    }
    return rest;
  }

  #readLength(bytes: Uint8Array): Uint8Array {
    const taken = Math.min(this.#left, bytes.length);
    this.#take(bytes.subarray(0, taken));
    this.#left -= taken;
    if (this.#left === 0) this.#finish();
    return bytes.subarray(taken);
  }

  #readChunkHead(bytes: Uint8Array): Uint8Array | undefined {
    const end = bytes.indexOf(10);
    if (end < 0) return undefined;
    const size = /^([0-9a-fA-F]+)\s*(;.*)?\r$/.exec(
      latin1(bytes.subarray(0, end)),
    );
    if (size === null) {
      this.#refuse(400);
      return EMPTY;
    }
    this.#left = parseInt(size[1] ?? "0", 16);
    // Two more for the line end after the chunk.
    this.#stage = this.#left === 0 ? "trailer" : "chunk";
    return bytes.subarray(end + 1);
  }

  #readChunk(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#left > 0) {
      const taken = Math.min(this.#left, bytes.length);
      this.#take(bytes.subarray(0, taken));
      this.#left -= taken;
      if (this.#bodyBytes > this.#options.bodyLimitBytes()) {
        this.#refuse(413);
        return EMPTY;
      }
      return bytes.subarray(taken);
    }
    if (bytes.length < 2) return undefined;
    this.#stage = "chunk head";
    return bytes.subarray(2);
  }

  #readTrailer(bytes: Uint8Array): Uint8Array | undefined {
    const end = bytes.indexOf(10);
    if (end < 0) return undefined;
    if (end <= 1) this.#finish();
    return bytes.subarray(end + 1);
  }

  #take(piece: Uint8Array): void {
    this.#bodyBytes += piece.length;
    this.#hash ??= this.#options.createHash();
    this.#hash.update(piece);
    const room = this.#options.keepBytes - this.#keptBytes;
    if (room <= 0) return;
    // Copied: the socket may reuse its buffer.
    const kept = piece.slice(0, room);
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  #refuse(status: number): void {
    const head = this.#head ?? NO_HEAD;
    this.#emit({ ...head, isKeptAlive: false }, status);
    this.#stage = "dead";
  }

  #finish(): void {
    this.#emit(this.#head ?? NO_HEAD, undefined);
    this.#stage = "head";
  }

  #emit(head: Head, refusedWith: number | undefined): void {
    const request: WireRequest = {
      method: head.method,
      target: head.target,
      headers: head.headers,
      body: this.#kept.length === 0 ? EMPTY : concat(this.#kept),
      bodyBytes: this.#bodyBytes,
      bodySha256: this.#hash?.hex() ?? EMPTY_SHA256,
      isKeptAlive: head.isKeptAlive,
      refusedWith,
    };
    this.#head = undefined;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#bodyBytes = 0;
    this.#hash = undefined;
    this.#options.onRequest(request);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(
    parts.reduce((bytes, part) => bytes + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
