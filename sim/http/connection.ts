import { gzipSync, type Socket } from "../deps.ts";
import type { ReceivedRequest } from "../auditor.ts";
import type { Outcome } from "../model/outcome.ts";
import { headerOf } from "../model/request.ts";
import { errorResponse, type SimResponse } from "../model/response.ts";
import type { AnswerSettings } from "../model/settings.ts";
import {
  type BodyHash,
  RequestReader,
  type WireRequest,
} from "./request_reader.ts";
import { type ResponseBytes, responseBytes } from "./response_bytes.ts";

/** The simulated Discord, as far as a connection uses it. */
export interface Port {
  readonly number: number;
  readonly keepBytes: number;
  readonly bodyLimitBytes: () => number;
  readonly answers: () => AnswerSettings;
  /** Header lines that go with every answer. */
  readonly noise: () => string;
  readonly createHash: () => BodyHash;
  /** Answers requests to the simulation itself; undefined for everything else. */
  readonly control: (request: WireRequest) => SimResponse | undefined;
  readonly latencyInMs: () => number;
  readonly latencyOutMs: () => number;
  readonly judge: (
    request: WireRequest,
    remoteIp: string,
    connection: number,
    onConnection: number,
    receivedAtMs: number,
  ) => { outcome: Outcome; record: ReceivedRequest };
  readonly answered: (record: ReceivedRequest) => void;
  readonly closed: () => void;
}

/** Requests a caller may send ahead before the socket is left unread. */
const AHEAD_MAX = 16;
/** Pieces of a slow body: enough to look slow, few enough to stay cheap. */
const SLOW_PIECES = 8;

/** One caller's socket: requests in, one after the other, answers out. */
export class Connection {
  readonly #socket: Socket;
  readonly #port: Port;
  readonly #reader: RequestReader;
  readonly #waiting: WireRequest[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #remoteIp: string;
  #isBusy = false;
  #hasEnded = false;
  #isSilent = false;
  #count = 0;

  constructor(socket: Socket, port: Port) {
    this.#socket = socket;
    this.#port = port;
    this.#remoteIp = socket.remoteAddress ?? "unknown";
    this.#reader = new RequestReader({
      keepBytes: port.keepBytes,
      bodyLimitBytes: port.bodyLimitBytes,
      createHash: port.createHash,
      onRequest: (request) => this.#receive(request),
      onExpect: () => void socket.write("HTTP/1.1 100 Continue\r\n\r\n"),
    });
    // As a plain array: a Buffer's slice() would share the socket's memory.
    socket.on(
      "data",
      ({ buffer, byteOffset, length }: Uint8Array) =>
        this.#reader.push(new Uint8Array(buffer, byteOffset, length)),
    );
    socket.on("end", () => this.#end());
    // A caller that disconnects is no error.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#leave());
  }

  /** Ends the connection: the simulation is closing. */
  destroy(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#socket.destroy();
    this.#leave();
  }

  /** A caller that disconnects does not cancel its requests: the pending ones are judged all the same. */
  #leave(): void {
    if (this.#socket.destroyed && this.#timers.size === 0) this.#port.closed();
  }

  #end(): void {
    this.#hasEnded = true;
    // A half-closed caller still gets the answers it asked for.
    if (!this.#isBusy || this.#isSilent) this.#socket.end();
  }

  #receive(request: WireRequest): void {
    if (this.#isBusy) {
      this.#waiting.push(request);
      if (this.#waiting.length >= AHEAD_MAX) this.#socket.pause();
      return;
    }
    this.#isBusy = true;
    this.#count++;
    const own = this.#port.control(request);
    if (own !== undefined) {
      this.#write(own, request);
      this.#next(request);
      return;
    }
    const receivedAtMs = performance.timeOrigin + performance.now();
    this.#after(
      this.#port.latencyInMs(),
      () => this.#judge(request, receivedAtMs),
    );
  }

  #judge(request: WireRequest, receivedAtMs: number): void {
    const isNoRequest = request.refusedWith !== undefined &&
      request.refusedWith !== 413;
    if (isNoRequest) {
      const status = request.refusedWith ?? 400;
      this.#write(errorResponse(status, 0, `${status}: Bad Request`), request);
      this.#next(request);
      return;
    }
    const { outcome, record } = this.#port.judge(
      request,
      this.#remoteIp,
      this.#port.number,
      this.#count,
      receivedAtMs,
    );
    this.#after(
      this.#port.latencyOutMs(),
      () => this.#deliver(request, outcome, record),
    );
  }

  #deliver(
    request: WireRequest,
    { response, delivery }: Outcome,
    record: ReceivedRequest,
  ): void {
    switch (delivery.kind) {
      case "whole":
        this.#write(response, request);
        this.#finish(request, record);
        return;
      case "slow":
        this.#writeSlowly(
          request,
          response,
          delivery.overMs,
          () => this.#finish(request, record),
        );
        return;
      case "reset":
        this.#socket.resetAndDestroy();
        return;
      case "close":
        this.#socket.end(() => this.#socket.destroy());
        return;
      case "silence":
        // Stays busy, so that no further request of this connection is answered.
        this.#isSilent = true;
        if (this.#hasEnded) this.#socket.end();
        return;
      case "cut":
        this.#writeCut(request, response);
        return;
      case "nonsense":
        this.#socket.end(
          "\u0000\u0001 this is no HTTP\r\n\r\n",
          () => this.#socket.destroy(),
        );
    }
  }

  #finish(request: WireRequest, record: ReceivedRequest): void {
    if (!this.#socket.destroyed) this.#port.answered(record);
    this.#next(request);
  }

  #next(request: WireRequest): void {
    if (!request.isKeptAlive) {
      // Not destroyed: the rest of the request is read and dropped, because a reset could lose the answer.
      this.#socket.end();
      return;
    }
    this.#isBusy = false;
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#socket.resume();
      this.#receive(next);
    } else if (this.#hasEnded) {
      this.#socket.end();
    }
  }

  #write(response: SimResponse, request: WireRequest): void {
    this.#socket.write(this.#bytesOf(response, request).bytes);
  }

  #writeSlowly(
    request: WireRequest,
    response: SimResponse,
    overMs: number,
    done: () => void,
  ): void {
    const { bytes, bodyAt } = this.#bytesOf(response, request);
    this.#socket.write(bytes.slice(0, bodyAt));
    const step = Math.ceil((bytes.length - bodyAt) / SLOW_PIECES);
    const writeFrom = (at: number) => {
      if (at >= bytes.length) {
        done();
        return;
      }
      this.#socket.write(bytes.slice(at, at + step));
      this.#after(overMs / SLOW_PIECES, () => writeFrom(at + step));
    };
    writeFrom(bodyAt);
  }

  /** Half of the body, or half of the head where there is no body. */
  #writeCut(request: WireRequest, response: SimResponse): void {
    const { bytes, bodyAt } = this.#bytesOf(response, request);
    const end = bytes.length > bodyAt ? bytes.length + bodyAt : bodyAt;
    this.#socket.end(bytes.slice(0, end >> 1), () => this.#socket.destroy());
  }

  #bytesOf(response: SimResponse, request: WireRequest): ResponseBytes {
    const { isGzipped, framing } = this.#port.answers();
    const accepted = headerOf(request.headers, "accept-encoding") ?? "";
    const isPacked = isGzipped && response.body !== undefined &&
      accepted.includes("gzip");
    return responseBytes(
      isPacked ? packed(response) : response,
      {
        isChunked: framing === "chunked",
        isKeptAlive: request.isKeptAlive,
        isBodiless: request.method === "HEAD",
      },
      this.#port.noise(),
    );
  }

  #after(ms: number, act: () => void): void {
    if (ms <= 0) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
      this.#leave();
    }, ms);
    this.#timers.add(timer);
  }
}

function packed(response: SimResponse): SimResponse {
  return {
    ...response,
    headers: [...response.headers, ["Content-Encoding", "gzip"]],
    body: new Uint8Array(gzipSync(response.body ?? "")),
  };
}
