import { gzipSync } from "../../deps.ts";
import { answerOf, type Reply, say } from "./_hostile_upstream.ts";
import { latin1Of } from "./_wire.ts";

/** Something an upstream may answer to a POST, and what its caller gets. */
export interface HostileAnswer {
  readonly tried: string;
  readonly cameBack: string;
  readonly reply: (decoy: string) => Reply;
  /** How often the POST is sent; once unless said. */
  readonly sent?: number;
  /** What the caller gets of the body, where that matters. */
  readonly body?: string;
}

const OK = "200 OK";
const UNKNOWN = "408 `outcome_unknown`";
const MIB = 1024 * 1024;

/** 10 MiB in 10 KiB. */
const BOMB = latin1Of(gzipSync(new Uint8Array(10 * MIB)));
const GZIP = "Content-Encoding: gzip";

/** What a confused proxy would hand to the next caller. */
const STRAY = answerOf(OK, [], '{"url":"wss://stray.example"}');

function saying(text: string): () => Reply {
  return () => (socket) => say(socket, text);
}

function sayingAndClosing(text: string): () => Reply {
  return () => async (socket) => {
    await say(socket, text);
    socket.close();
  };
}

/** Says the first thing once, then answers as it ought to. */
function sayingOnce(text: string): () => Reply {
  return () => {
    let isSaid = false;
    return async (socket) => {
      await say(socket, isSaid ? answerOf(OK, [], "{}") : text);
      isSaid = true;
    };
  };
}

/** For as long as anybody listens. */
function endlessly(start: string, more: string, pauseMs = 0): () => Reply {
  return () => async (socket) => {
    await say(socket, start);
    for (;;) {
      await say(socket, more);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
}

function alike(
  cameBack: string,
  answers: Readonly<Record<string, () => Reply>>,
): HostileAnswer[] {
  return Object.entries(answers).map(([tried, reply]) => ({
    tried,
    cameBack,
    reply,
  }));
}

/** What the proxy is answered by something that stands where Discord should. */
export const ANSWERS: readonly HostileAnswer[] = [
  ...alike(UNKNOWN, {
    "it closes without a byte": () => (socket) => {
      socket.close();
      return Promise.resolve();
    },
    "it never answers": () => async (socket) => {
      await socket.read(new Uint8Array(1));
    },
    "bytes that are no HTTP": saying("\0\x01 this is no HTTP\r\n\r\n"),
    "it closes within the headers": sayingAndClosing(
      "HTTP/1.1 200 OK\r\nContent-Ty",
    ),
    "it closes within a small body": sayingAndClosing(
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
    ),
    "a small body that stops half-way": saying(
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
    ),
    "a status that is no number": saying("HTTP/1.1 abc OK\r\n\r\n"),
    "status 99": saying(answerOf("99 Odd")),
    "status 999": saying(answerOf("999 Odd", [], "{}")),
    "101 Switching Protocols, unasked": saying(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ),
    "102 Processing, without an end": endlessly(
      "",
      "HTTP/1.1 102 Processing\r\n\r\n",
      20,
    ),
    "headers without an end": endlessly(
      "HTTP/1.1 200 OK\r\n",
      "X-A: aaaaaaaaaaaaaaaa\r\n".repeat(1_000),
    ),
    "a header of 100,000 bytes": saying(
      answerOf(OK, [`X-A: ${"a".repeat(100_000)}`]),
    ),
    "a null byte in a header": saying(answerOf(OK, ["X-A: a\0b"])),
    "a bare CR in a header": saying(answerOf(OK, ["X-A: a\rX-Evil: 1"])),
    "a length beside chunks": saying(
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "two lengths that differ": saying(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    ),
    "a chunk size that is no number": saying(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ),
  }),
  ...alike("200", {
    "a second answer behind the first": saying(
      answerOf(OK, [], "{}") + STRAY,
    ),
    "a body longer than its length": saying(
      answerOf(OK, [], "{}") + "x".repeat(1_000),
    ),
    "100 times 102 Processing, then an answer": saying(
      "HTTP/1.1 102 Processing\r\n\r\n".repeat(100) + answerOf(OK, [], "{}"),
    ),
    "JSON that is none": saying(answerOf(OK, [], "{{{")),
    "our own signature, forged (it is dropped)": saying(
      answerOf(OK, ["X-Rest-Proxy: draining"], "{}"),
    ),
  }),
  {
    tried: "204 with a body",
    reply: saying(
      `HTTP/1.1 204 No Content\r\nContent-Length: 300\r\n\r\n${STRAY}`,
    ),
    cameBack: "204",
  },
  {
    tried: "a redirect to another host (it is handed back, not followed)",
    reply: (decoy) =>
      saying(answerOf("302 Found", [`Location: http://${decoy}/`]))(),
    cameBack: "302",
  },
  {
    tried: "10 MiB of zeros in 10 KiB of gzip (they cross as they are)",
    reply: saying(answerOf(OK, [GZIP], BOMB)),
    cameBack: "200",
    body: BOMB,
  },
  {
    tried: "an error in 10 MiB of zeros, gzipped",
    reply: saying(answerOf("400 Bad Request", [GZIP], BOMB)),
    cameBack: "400",
    body: BOMB,
  },
  {
    tried: "a 429 in 10 MiB of zeros, gzipped",
    reply: sayingOnce(
      answerOf("429 Too Many Requests", [
        GZIP,
        "Via: 1.1 x",
        "Retry-After: 0.1",
      ], BOMB),
    ),
    cameBack: "200",
    sent: 2,
  },
  {
    tried: "a 429 whose JSON is nested 12,000 deep",
    reply: sayingOnce(
      answerOf(
        "429 Too Many Requests",
        ["Via: 1.1 x", "Retry-After: 0.1"],
        '{"a":'.repeat(12_000),
      ),
    ),
    cameBack: "200",
    sent: 2,
  },
  {
    tried: "it closes within a large body",
    reply: sayingAndClosing(
      `HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${
        "a".repeat(100_000)
      }`,
    ),
    cameBack: "the beginning, closed",
  },
];
