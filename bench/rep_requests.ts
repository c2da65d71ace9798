import type { RawRequest } from "./raw_http.ts";

/** One request in the words of both transports. */
export interface TwinRequest {
  readonly http: RawRequest;
  /** The frame up to the contents of its `req`, which is a text. */
  readonly frameStart: string;
}

const MESSAGE = JSON.stringify({ content: "x".repeat(180) });
const DEFERRED = JSON.stringify({ type: 5 });
const TOKEN_IN_PATH = "t".repeat(68);

/**
 * What a bot sends in turn. Half of it is outside the global limit, whose
 * highest setting (10,000/s) would bind otherwise, and whoever has a number of
 * its own shares no channel: nothing waits for anything.
 */
export function twinRequestsOf(owner: number): readonly TwinRequest[] {
  const id = String(1_300_000_000_000_000_000n + BigInt(owner));
  return [
    twinOf(`/channels/${id}/messages/${id}`),
    twinOf(`/channels/${id}/messages`, MESSAGE),
    twinOf(`/webhooks/${id}/${TOKEN_IN_PATH}`, MESSAGE),
    twinOf(`/interactions/${id}/${TOKEN_IN_PATH}/callback`, DEFERRED),
  ];
}

/** A POST where there is a body, else a GET. */
function twinOf(path: string, body?: string): TwinRequest {
  const target = `/api/v10${path}`;
  const start = `{"target":"${target}","method":`;
  return body === undefined
    ? { http: { method: "GET", target }, frameStart: `${start}"GET","req":"` }
    : {
      http: { method: "POST", target, body },
      frameStart: `${start}"ACTION","data":${body},"req":"`,
    };
}
