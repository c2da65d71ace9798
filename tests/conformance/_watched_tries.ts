import type {
  Endpoint,
  HttpAnswer,
  IncomingRequest,
} from "../../rest/listener/http/incoming_request.ts";
import type { CallerGone, LeaveListener } from "../../rest/domain/ports.ts";

/** Say what a request without a name is, and who sends it, to whoever watches; neither crosses. */
export const WHAT_HEADER = "x-test-what";
export const WHOSE_HEADER = "x-test-whose";

/** One try of a request, as the proxy learnt of it. */
export interface WatchedTry {
  readonly what: string;
  /** Tries of one caller leave it one after the other, as `number` counts. */
  readonly whose: string;
  readonly number: number;
  handedInMs: number | undefined;
  /** When its caller's leaving was told. */
  leftMs: number | undefined;
  /** What its caller was told while it was there. */
  status: number | undefined;
}

/**
 * Stands between the port and the proxy and notes what the proxy is told of
 * each try, when it is told: the same signals, at the same moments.
 */
export class WatchedTries {
  /** In the order in which they were handed in whole. */
  readonly handedIn: WatchedTry[] = [];

  watch(endpoint: Endpoint): Endpoint {
    return {
      ...endpoint,
      handle: (request) => this.#handle(endpoint, request),
    };
  }

  async #handle(
    endpoint: Endpoint,
    request: IncomingRequest,
  ): Promise<HttpAnswer> {
    const fieldOf = (wanted: string) =>
      request.fields.find(([name]) => name === wanted)?.[1];
    const what = fieldOf(WHAT_HEADER);
    const [whose, number] = fieldOf(WHOSE_HEADER)?.split(" ") ?? [];
    if (what === undefined || whose === undefined) {
      return await endpoint.handle(request);
    }
    const one: WatchedTry = {
      what,
      whose,
      number: Number(number),
      handedInMs: undefined,
      leftMs: undefined,
      status: undefined,
    };
    const callerGone = this.#watched(request.callerGone, one);
    const { method, target, authority, isSecure, fields } = request;
    const { remoteAddress, body, problem } = request;
    const answer = await endpoint.handle({
      method,
      target,
      authority,
      isSecure,
      fields,
      remoteAddress,
      body,
      problem,
      callerGone,
    });
    if (!request.callerGone.aborted) one.status = answer.status;
    return answer;
  }

  #watched(gone: CallerGone, one: WatchedTry): CallerGone {
    const noteHandedIn = () => {
      if (one.handedInMs !== undefined) return;
      one.handedInMs = performance.now();
      this.handedIn.push(one);
    };
    return {
      // The queue asks when it is handed a request, and nobody before.
      get aborted() {
        noteHandedIn();
        if (gone.aborted) one.leftMs ??= performance.now();
        return gone.aborted;
      },
      addEventListener: (type: "abort", listener: LeaveListener) =>
        gone.addEventListener(type, {
          handleEvent() {
            one.leftMs ??= performance.now();
            listener.handleEvent();
          },
        }),
      removeEventListener: (type: "abort", listener: LeaveListener) =>
        gone.removeEventListener(type, listener),
    };
  }
}
