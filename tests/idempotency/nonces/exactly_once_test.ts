import assert from "node:assert/strict";
import type { Answer } from "../../../rest/domain/answer.ts";
import { fc } from "../../deps.ts";
import { answerOf, noncesOf, requestOf } from "../../dispatcher/_builders.ts";
import { type Queue, queueOf } from "../../dispatcher/_queue.ts";
import {
  lost,
  type Send,
  timedOut,
  unsent,
} from "../../dispatcher/_scripted_upstream.ts";

/** What becomes of one send. "made": the message was made, whatever its sender hears. */
type Fate =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly isMade: boolean;
  }
  | {
    readonly kind: "failure";
    readonly error: () => Error;
    readonly isMade: boolean;
  };

/** More than a library tries: each of its tries is four of the proxy's. */
const ROUNDS_MAX = 40;

const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({
    kind: fc.constant("answer" as const),
    status: fc.constantFrom(500, 502, 503, 504, 524),
    isMade: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("failure" as const),
    error: fc.constantFrom(lost, timedOut),
    isMade: fc.boolean(),
  }),
  fc.constant({
    kind: "failure" as const,
    error: () => unsent(),
    isMade: false,
  }),
  fc.constant({ kind: "answer" as const, status: 200, isMade: true }),
);

/** Discord, as far as nonces go. */
class Channel {
  readonly #byNonce = new Map<string, string>();
  readonly made: string[] = [];

  take({ request }: Send): void {
    const { content, nonce, enforce_nonce: isEnforced } = JSON.parse(
      new TextDecoder().decode(request.body),
    );
    assert.ok(isEnforced);
    if (this.#byNonce.has(nonce)) {
      assert.equal(this.#byNonce.get(nonce), content);
      return;
    }
    this.#byNonce.set(nonce, content);
    this.made.push(content);
  }
}

/** A library that sends its message again until it is told that it was made. */
async function insist({ dispatcher }: Queue, content: string): Promise<void> {
  for (;;) {
    const request = requestOf("POST", {
      text: JSON.stringify({ content }),
      headers: [["content-type", "application/json"]],
    });
    const answer: Answer | undefined = await dispatcher.submit(request).answer
      .catch(() => undefined);
    if (answer?.status === 200) return;
  }
}

Deno.test("whatever becomes of each send, as many messages are made as were meant, equal ones too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("ok", "hi"), { minLength: 1, maxLength: 5 }),
      fc.array(fate, { maxLength: 30 }),
      async (meant, fates) => {
        const nonces = noncesOf({ addsNonces: true });
        const queue = queueOf({ maxWaitMs: 600_000, parts: { nonces } });
        const channel = new Channel();
        let left = meant.length;
        for (const content of meant) {
          insist(queue, content).then(() => left--);
        }
        const script = fates.values();
        for (let round = 0; left > 0; round++) {
          assert.ok(round < ROUNDS_MAX + fates.length * 10, "it has no end");
          await queue.clock.settle();
          for (const send of queue.upstream.sends) {
            if (!send.isOpen) continue;
            const { value } = script.next();
            const next = value ?? { kind: "answer", status: 200, isMade: true };
            if (next.isMade) channel.take(send);
            if (next.kind === "answer") send.answer(answerOf(next.status));
            else send.fail(next.error());
          }
          await queue.clock.advance(500);
        }
        assert.deepEqual(channel.made.toSorted(), meant.toSorted());
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});
