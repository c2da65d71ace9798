import assert from "node:assert/strict";
import type { Answer } from "../../rest/domain/answer.ts";
import { type Upstream, UpstreamFailure } from "../../rest/domain/ports.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";

/** A send that waits for the test to say how it ends. */
export interface Send {
  readonly request: ProxyRequest;
  readonly atMs: number;
  readonly mayLeave: (() => boolean) | undefined;
  answer(answer: Answer): void;
  fail(error: unknown): void;
  readonly isOpen: boolean;
}

export interface ScriptedUpstream extends Upstream {
  readonly sends: Send[];
  /** The oldest send that has not ended. */
  readonly next: Send;
  isClosed: boolean;
  /** Runs inside `send`, before it returns. */
  onSend: ((request: ProxyRequest) => void) | undefined;
}

export function createScriptedUpstream(nowMs: () => number): ScriptedUpstream {
  const upstream: ScriptedUpstream = {
    host: "discord.test:443",
    sends: [],
    isClosed: false,
    onSend: undefined,
    get next() {
      const send = upstream.sends.find(({ isOpen }) => isOpen);
      assert.ok(send !== undefined, "nothing is in flight");
      return send;
    },
    send(request, mayLeave) {
      upstream.onSend?.(request);
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      let isOpen = true;
      upstream.sends.push({
        request,
        atMs: nowMs(),
        mayLeave,
        get isOpen() {
          return isOpen;
        },
        answer(answer) {
          isOpen = false;
          resolve(answer);
        },
        fail(error) {
          isOpen = false;
          reject(error);
        },
      });
      return promise;
    },
    close() {
      upstream.isClosed = true;
      for (const send of upstream.sends) {
        if (send.isOpen) send.fail(lost("UND_ERR_DESTROYED"));
      }
      return Promise.resolve();
    },
  };
  return upstream;
}

/** Nothing left this process. */
export function unsent(code = "ECONNREFUSED"): UpstreamFailure {
  return new UpstreamFailure(code, { isTimeout: false, mayHaveArrived: false });
}

/** Discord may have it. */
export function lost(code = "UND_ERR_SOCKET"): UpstreamFailure {
  return new UpstreamFailure(code, { isTimeout: false, mayHaveArrived: true });
}

/** Discord may have it, and said nothing in time. */
export function timedOut(): UpstreamFailure {
  return new UpstreamFailure("UND_ERR_HEADERS_TIMEOUT", {
    isTimeout: true,
    mayHaveArrived: true,
  });
}
