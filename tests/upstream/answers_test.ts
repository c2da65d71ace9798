import assert from "node:assert/strict";
import { gzipSync } from "../../deps.ts";
import type { HeaderList } from "../../rest/domain/headers.ts";
import { UpstreamFailure } from "../../rest/domain/ports.ts";
import { between, bytesOf, requestOf, textOf } from "./_builders.ts";
import { answerBytes, replying } from "./_raw_server.ts";

const MIB = 1024 * 1024;

/** Bytes that are not text and repeat only after 251, so that a shift shows. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, at) => at % 251);
}

/** One chunk of a chunked body. */
function chunkOf(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `${bytes.length.toString(16)}\r\n${text}\r\n`;
}

Deno.test("status, headers and body come as they were sent", async () => {
  const cases: [number, string[], string, HeaderList][] = [
    [200, ["Content-Type: application/json"], '{"a":"\u00e9"}', [
      ["content-type", "application/json"],
      ["content-length", "10"],
    ]],
    [201, ["Via: 1.1 google", "X-A: 1", "X-A: 2"], "{}", [
      ["via", "1.1 google"],
      ["x-a", "1"],
      ["x-a", "2"],
      ["content-length", "2"],
    ]],
    [202, ["X-Latin: \u00e9", "X-Empty:"], "", [
      ["x-latin", "\u00e9"],
      ["x-empty", ""],
      ["content-length", "0"],
    ]],
    [400, ["X-Spaced:   a  b"], "{}", [
      ["x-spaced", "a  b"],
      ["content-length", "2"],
    ]],
    [429, ["Retry-After: 65", "Set-Cookie: a=b"], "{}", [
      ["retry-after", "65"],
      ["content-length", "2"],
    ]],
    [520, ["Connection: keep-alive, X-Hop", "X-Hop: 1"], "<html>", [
      ["content-length", "6"],
    ]],
  ];
  for (const [status, fields, body, headers] of cases) {
    await between(replying(status, fields, body), async (upstream) => {
      const answer = await upstream.send(requestOf());
      assert.equal(answer.status, status);
      assert.deepEqual(answer.headers, headers);
      assert.equal(await textOf(answer), body);
    });
  }
});

Deno.test("204 and 304 have no body and no length", async () => {
  for (const status of [204, 304]) {
    const reply = replying(status, ["ETag: x"]);
    await between(reply, async (upstream) => {
      const { headers, body } = await upstream.send(requestOf());
      assert.deepEqual([headers, body], [[["etag", "x"]], undefined]);
    });
  }
});

Deno.test("a compressed body stays compressed, with its encoding and length", async () => {
  const zipped = new Uint8Array(gzipSync(new TextEncoder().encode("{}")));
  const reply = replying(200, ["Content-Encoding: gzip"], zipped);
  await between(reply, async (upstream) => {
    const answer = await upstream.send(requestOf());
    assert.deepEqual(answer.headers, [
      ["content-encoding", "gzip"],
      ["content-length", String(zipped.length)],
    ]);
    assert.deepEqual(await bytesOf(answer), zipped);
  });
});

Deno.test("a picture's bytes come unchanged", async () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 255);
  await between(
    replying(200, ["Content-Type: image/png"], png),
    async (upstream) => {
      assert.deepEqual(await bytesOf(await upstream.send(requestOf())), png);
    },
  );
});

Deno.test("a small chunked answer is held whole, without its framing", async () => {
  const body = `${chunkOf(noise(300))}${chunkOf(noise(200))}0\r\n\r\n`;
  await between((_request, socket) => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    socket.write(head + body, "latin1");
  }, async (upstream) => {
    const answer = await upstream.send(requestOf());
    assert.deepEqual(answer.headers, []);
    assert.ok(answer.body instanceof Uint8Array);
    assert.deepEqual(answer.body, Uint8Array.of(...noise(300), ...noise(200)));
  });
});

Deno.test("an answer that ends with its connection is whole", async () => {
  await between((_request, socket) => {
    socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}");
  }, async (upstream) => {
    const answer = await upstream.send(requestOf());
    assert.deepEqual(answer.headers, []);
    assert.equal(await textOf(answer), "{}");
  });
});

Deno.test("a large answer streams and comes whole, with a length or chunked, over TCP and TLS", async () => {
  const body = noise(3 * MIB);
  for (const isTls of [false, true]) {
    for (const isChunked of [false, true]) {
      await between((_request, socket) => {
        if (!isChunked) return void socket.write(answerBytes(200, [], body));
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        socket.write(`${chunkOf(body)}0\r\n\r\n`, "latin1");
      }, async (upstream) => {
        const answer = await upstream.send(requestOf());
        assert.ok(answer.body instanceof ReadableStream);
        assert.deepEqual(
          answer.headers,
          isChunked ? [] : [["content-length", String(body.length)]],
        );
        assert.deepEqual(await bytesOf(answer), body);
      }, { isTls });
    }
  }
});

Deno.test("an answer is read no faster than its caller reads", async () => {
  const piece = new Uint8Array(MIB);
  const pieces = 64;
  let written = 0;
  await between((_request, socket) => {
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${pieces * MIB}\r\n\r\n`,
    );
    const writeNext = () => {
      if (written++ < pieces) socket.write(piece, writeNext);
    };
    writeNext();
  }, async (upstream) => {
    const { body } = await upstream.send(requestOf());
    assert.ok(body instanceof ReadableStream);
    let read = 0;
    let isHalfway = false;
    for await (const chunk of body) {
      read += chunk.length;
      if (isHalfway || read < MIB) continue;
      isHalfway = true;
      // The kernel's buffers on both ends hold some MiB; all 64 they do not.
      assert.ok(written < pieces / 2, `${written} MiB left the server`);
    }
    assert.equal(read, pieces * MIB);
  });
});

Deno.test("a connection is used again after a large answer was read", async () => {
  const reply = replying(200, [], noise(MIB));
  await between(reply, async (upstream, server) => {
    for (let count = 0; count < 3; count++) {
      assert.equal(
        (await bytesOf(await upstream.send(requestOf()))).length,
        MIB,
      );
    }
    assert.equal(server.opened, 1);
  });
});

Deno.test("cancelling a stream ends its connection", async () => {
  const reply = replying(200, ["Content-Length: 99999999"], noise(MIB));
  await between(reply, async (upstream, server) => {
    const { body } = await upstream.send(requestOf());
    assert.ok(body instanceof ReadableStream);
    await body.cancel();
    await server.idle();
  });
});

Deno.test("a stream that is cut fails instead of ending", async () => {
  await between((_request, socket) => {
    socket.end(answerBytes(200, ["Content-Length: 99999999"], noise(MIB)));
  }, async (upstream) => {
    const answer = await upstream.send(requestOf());
    await assert.rejects(bytesOf(answer), (error) => {
      assert.ok(error instanceof UpstreamFailure);
      assert.ok(error.mayHaveArrived);
      return true;
    });
  });
});

Deno.test("31 KiB of headers cross", async () => {
  const value = "a".repeat(31 * 1024);
  await between(replying(204, [`X-A: ${value}`]), async (upstream) => {
    const { headers } = await upstream.send(requestOf());
    assert.deepEqual(headers, [["x-a", value]]);
  });
});

Deno.test("early hints are passed over", async () => {
  await between((_request, socket) => {
    socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    socket.write("HTTP/1.1 102 Processing\r\n\r\n");
    socket.write(answerBytes(200, ["X-A: 1"], "{}"));
  }, async (upstream) => {
    const answer = await upstream.send(requestOf());
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.headers, [["x-a", "1"], ["content-length", "2"]]);
  });
});

Deno.test("a large body arrives whole, on a connection that is not used again", async () => {
  const body = noise(3 * MIB);
  await between(replying(200), async (upstream, server) => {
    await upstream.send(requestOf({ method: "POST", body }));
    await upstream.send(requestOf());
    const [large] = server.requests;
    const seen = large?.body ?? "";
    assert.equal(seen.length, body.length);
    assert.ok(body.every((byte, at) => byte === seen.charCodeAt(at)));
    assert.match(large?.head ?? "", /\r\nconnection: close/);
    assert.equal(server.opened, 2);
  });
});

Deno.test("an answer that comes before the body was read is an answer, and the next request is not behind the rest", async () => {
  let isFirst = true;
  await between(replying(200), async (upstream) => {
    const body = new Uint8Array(32 * MIB);
    const early = await upstream.send(requestOf({ method: "POST", body }));
    assert.equal(early.status, 413);
    assert.equal((await upstream.send(requestOf())).status, 200);
  }, {
    onConnection(socket) {
      if (!isFirst) return false;
      isFirst = false;
      socket.once("data", () => {
        socket.pause();
        socket.write(answerBytes(413, [], "{}"));
      });
      return true;
    },
  });
});
