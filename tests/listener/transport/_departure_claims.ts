import assert from "node:assert/strict";
import type { Answer } from "../../../rest/domain/answer.ts";
import type { Submitter } from "../../../rest/domain/ports.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { KEY } from "../_bench.ts";
import { writeAll } from "../_raw_http.ts";
import type { OpenWay } from "./_ways.ts";

const BODY = '{"content":"b#0"}';
const HEAD =
  `POST /api/v10/channels/1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`;
const CHUNKED = HEAD.replace(
  `Content-Length: ${BODY.length}`,
  "Transfer-Encoding: chunked",
);
const CHUNK = `${BODY.length.toString(16)}\r\n${BODY}\r\n`;

/** What a caller sends, cut into the segments it arrives in. */
const SEGMENTS: Readonly<Record<string, readonly string[]>> = {
  "in one segment": [HEAD + BODY],
  "with its body in a later segment": [HEAD, BODY],
  "with a body in single bytes": [HEAD, ...BODY],
  "with a head in two segments": [HEAD.slice(0, 40), HEAD.slice(40) + BODY],
  "in chunks": [CHUNKED, CHUNK, "0\r\n\r\n"],
  "of a bodiless read": [
    `GET /gateway HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\n\r\n`,
  ],
};

/** A queue in which a request waits until its caller has left. */
export interface WaitingQueue {
  readonly submitter: Submitter;
  readonly here: Promise<void>;
  readonly left: Promise<void>;
  end(): void;
}

export function waitingQueue(): WaitingQueue {
  const here = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  let answer: PromiseWithResolvers<Answer> | undefined;
  const submitter: Submitter = {
    submit(_request, callerGone) {
      const settling = Promise.withResolvers<Answer>();
      answer = settling;
      callerGone?.addEventListener("abort", { handleEvent: left.resolve });
      here.resolve();
      return { answer: settling.promise, cancel: () => "done" };
    },
  };
  return {
    submitter,
    here: here.promise,
    left: left.promise,
    end: () => answer?.reject(new Refusal("cancelled", "Its caller left")),
  };
}

/** Lets what was written leave in a segment of its own. */
function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** What holds of callers that leave, whatever carries HTTP/1.1. */
export function claimDepartures(name: string, open: OpenWay): void {
  for (const [how, segments] of Object.entries(SEGMENTS)) {
    Deno.test(`over ${name} a caller that closes after a request ${how} is noticed`, async () => {
      const queue = waitingQueue();
      await using way = await open({ submitter: queue.submitter });
      const connection = await way.connect();
      for (const segment of segments) {
        await writeAll(connection, segment);
        await later();
      }
      await queue.here;
      connection.close();
      await queue.left;
      queue.end();
    });
  }

  Deno.test(`over ${name} a caller that ends its sending half counts as one that left`, async () => {
    const queue = waitingQueue();
    await using way = await open({ submitter: queue.submitter });
    const connection = await way.connect();
    await writeAll(connection, HEAD);
    await later();
    await writeAll(connection, BODY);
    await queue.here;
    await connection.closeWrite();
    await queue.left;
    queue.end();
    connection.close();
  });

  Deno.test(`over ${name} each of three pipelined requests is noticed to be left`, async () => {
    let arrived = 0;
    let left = 0;
    const all = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const ends: (() => void)[] = [];
    const submitter: Submitter = {
      submit(_request, callerGone) {
        const { promise, reject } = Promise.withResolvers<Answer>();
        ends.push(() => reject(new Refusal("cancelled", "Left")));
        callerGone?.addEventListener("abort", {
          handleEvent: () => void (++left === 3 && gone.resolve()),
        });
        if (++arrived === 3) all.resolve();
        return { answer: promise, cancel: () => "done" };
      },
    };
    await using way = await open({ submitter });
    const connection = await way.connect();
    for (let count = 0; count < 3; count++) {
      await writeAll(connection, HEAD);
      await writeAll(connection, BODY);
    }
    await all.promise;
    connection.close();
    await gone.promise;
    for (const end of ends) end();
    assert.equal(left, 3);
  });

  Deno.test(`over ${name} a caller that is answered is not told of as one that left`, async () => {
    let told = 0;
    const submitter: Submitter = {
      submit(_request, callerGone) {
        callerGone?.addEventListener("abort", {
          handleEvent: () => void told++,
        });
        const answer: Answer = { status: 204, headers: [], body: undefined };
        return { answer: Promise.resolve(answer), cancel: () => "done" };
      },
    };
    await using way = await open({ submitter });
    const connection = await way.connect();
    await writeAll(connection, HEAD + BODY);
    await connection.read(new Uint8Array(1_000));
    connection.close();
    await later();
    assert.equal(told, 0);
  });
}
