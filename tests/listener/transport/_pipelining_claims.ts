/** Claims about requests that are sent before the answers to those before them; they hold wherever HTTP/1.1 is spoken. */
import assert from "node:assert/strict";
import type { HttpAnswer } from "../../../rest/listener/http/incoming_request.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { textAnswer } from "../_serve.ts";
import { openPipeline, type Place, turn } from "./_pipeline.ts";

const SLOW = "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n";
const QUICK = "GET /quick HTTP/1.1\r\nHost: h\r\n\r\n";
const EXPECTS =
  "POST /quick HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
const BODY = "hi";
const UPGRADE =
  "GET /quick HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const CONNECT = "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n";

/** Many times what a socket takes while its other side does not read. */
const LARGE_BYTES = 8 * 1024 * 1024;

/** Longer than a caller may go on sending after its answer. */
const LINGER_MS = 20_000;

type Claim = readonly [name: string, check: (place: Place) => Promise<void>];

/** Each with the words for it. */
export const PIPELINING_CLAIMS: Claim[] = [];

function claim(...each: Claim): void {
  PIPELINING_CLAIMS.push(each);
}

function streamOf(...texts: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(texts.map((each) => encoder.encode(each)));
}

function pieces(): TransformStream<
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>
> {
  return new TransformStream();
}

const encoder = new TextEncoder();

const BODIES: Readonly<Record<string, [() => HttpAnswer["body"], string]>> = {
  "bytes": [() => encoder.encode("<quick>"), "[200]<quick>"],
  "a stream": [() => streamOf("<quick>"), "[200]7\r\n<quick>\r\n0\r\n\r\n"],
  "none": [() => undefined, "[200]"],
};

for (const [kind, [body, wanted]] of Object.entries(BODIES)) {
  claim(
    `an answer that is ready before its turn comes whole, without 100 Continue: ${kind}`,
    async (place) => {
      await using pipeline = await openPipeline(place);
      await pipeline.send(SLOW + EXPECTS + BODY);
      await pipeline.came("/quick");
      await pipeline.answer("/quick", {
        status: 200,
        headers: [],
        body: body(),
      });
      await pipeline.answer("/slow", textAnswer("<slow>"));
      await pipeline.send("GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
      await pipeline.answer("/last", textAnswer("<last>"));
      assert.equal(
        await pipeline.read("<last>"),
        `[200]<slow>${wanted}[200]<last>`,
      );
    },
  );
}

claim(
  "100 Continue waits for the pieces of the answer before it, and is sent then",
  async (place) => {
    await using pipeline = await openPipeline(place);
    const { readable, writable } = pieces();
    const writer = writable.getWriter();
    await pipeline.send(SLOW + EXPECTS);
    const headers = [["content-length", "6"]] as const;
    await pipeline.answer("/slow", { status: 200, headers, body: readable });
    await writer.write(encoder.encode("<sl"));
    assert.equal(await pipeline.read("<sl"), "[200]<sl");
    await writer.write(encoder.encode("ow>"));
    await writer.close();
    assert.equal(
      await pipeline.read("100 Continue\r\n\r\n"),
      "[200]<slow>[100]",
    );
    await pipeline.send(BODY);
    await pipeline.came("/quick");
    await pipeline.answer("/quick", textAnswer("<quick>"));
    assert.equal(
      await pipeline.read("<quick>"),
      "[200]<slow>[100][200]<quick>",
    );
  },
);

claim("an answer waits behind a large one that is read late", async (place) => {
  await using pipeline = await openPipeline(place);
  await pipeline.send(SLOW + EXPECTS + BODY);
  await pipeline.came("/quick");
  await pipeline.answer("/quick", textAnswer("<quick>"));
  await pipeline.answer("/slow", textAnswer("s".repeat(LARGE_BYTES)));
  const text = await pipeline.read("<quick>");
  assert.equal(
    text.replace(/s+/, (body) => `${body.length}`),
    `[200]${LARGE_BYTES}[200]<quick>`,
  );
});

claim(
  "a request that is refused for its framing is told so after the answer before it",
  async (place) => {
    await using pipeline = await openPipeline(place);
    await pipeline.send(`${SLOW}GET /quick HTTP/1.1\r\nHost: h, i\r\n\r\n`);
    await pipeline.came("/quick");
    await pipeline.answer("/quick", textAnswer("<quick>"));
    await pipeline.answer("/slow", textAnswer("<slow>"));
    assert.equal(await pipeline.readToEnd(), "[200]<slow>[200]<quick>");
  },
);

claim(
  "requests under way are all answered where a head behind them cannot be read",
  async (place) => {
    await using pipeline = await openPipeline(place);
    await pipeline.send(`${SLOW}${QUICK}no request\r\n\r\n`);
    await pipeline.came("/quick");
    await pipeline.answer("/quick", textAnswer("<quick>"));
    await pipeline.answer("/slow", textAnswer("<slow>"));
    assert.equal(await pipeline.readToEnd(), "[200]<slow>[200]<quick>");
  },
);

claim(
  "a listener that ends answers all requests under way on a connection",
  async (place) => {
    await using pipeline = await openPipeline(place);
    await pipeline.send(SLOW + QUICK);
    await pipeline.came("/quick");
    const shut = pipeline.shutdown();
    await pipeline.answer("/slow", textAnswer("<slow>"));
    await pipeline.answer("/quick", textAnswer("<quick>"));
    assert.equal(await pipeline.readToEnd(), "[200]<slow>[200]<quick>");
    await shut;
  },
);

claim(
  "a request that is refused before its body waits for its turn longer than it may linger",
  async (place) => {
    const clock = createManualClock();
    await using pipeline = await openPipeline(place, { clock });
    const early =
      "POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n";
    await pipeline.send(SLOW + early);
    await pipeline.came("/unread");
    await pipeline.answer("/unread", textAnswer("<early>"));
    await clock.advance(LINGER_MS);
    await clock.advance(LINGER_MS);
    await pipeline.send("hi");
    await pipeline.answer("/slow", textAnswer("<slow>"));
    assert.equal(await pipeline.readToEnd(), "[200]<slow>[200]<early>");
  },
);

claim(
  "a CONNECT behind an answer that has begun does not come into it",
  async (place) => {
    await using pipeline = await openPipeline(place);
    const { readable, writable } = pieces();
    const writer = writable.getWriter();
    await pipeline.send(SLOW);
    const headers = [["content-length", "6"]] as const;
    await pipeline.answer("/slow", { status: 200, headers, body: readable });
    await writer.write(encoder.encode("<sl"));
    assert.equal(await pipeline.read("<sl"), "[200]<sl");
    await pipeline.answer("h:1", textAnswer("<connect>"));
    await pipeline.send(CONNECT);
    await turn();
    await writer.write(encoder.encode("ow>"));
    await writer.close();
    assert.equal(await pipeline.readToEnd(), "[200]<slow>");
  },
);

claim(
  "a large answer that is read late comes whole where a CONNECT stands behind it",
  async (place) => {
    const clock = createManualClock();
    await using pipeline = await openPipeline(place, { clock });
    await pipeline.send(SLOW + CONNECT);
    await pipeline.answer("/slow", textAnswer("s".repeat(LARGE_BYTES)));
    const text = await pipeline.readToEnd();
    assert.equal(
      text.replace(/s+/, (body) => `${body.length}`),
      `[200]${LARGE_BYTES}`,
    );
  },
);

claim(
  "a CONNECT behind a request under way is not answered before it",
  async (place) => {
    await using pipeline = await openPipeline(place);
    await pipeline.send(SLOW + CONNECT);
    await pipeline.came("/slow");
    await turn();
    await pipeline.answer("/slow", textAnswer("<slow>"));
    assert.equal(await pipeline.readToEnd(), "[200]<slow>");
  },
);

claim(
  "an upgrade behind a request under way is answered in its turn, as if none was wanted",
  async (place) => {
    await using pipeline = await openPipeline(place);
    await pipeline.send(SLOW + UPGRADE);
    await pipeline.came("/slow");
    await turn();
    await pipeline.answer("/slow", textAnswer("<slow>"));
    await pipeline.answer("/quick", textAnswer("<quick>"));
    assert.equal(await pipeline.read("<quick>"), "[200]<slow>[200]<quick>");
  },
);
