import assert from "node:assert/strict";
import { createUpstream } from "../../rest/upstream/upstream.ts";
import {
  aboutOf,
  between,
  failureOf,
  identityOf,
  OUR_AGENT,
  requestOf,
  textOf,
  upstreamOf,
} from "./_builders.ts";
import {
  answerBytes,
  fixture,
  rawServerOf,
  type Reply,
  replying,
} from "./_raw_server.ts";

/** Short for tests that wait for it; each such test waits for it once. */
const SHORT_MS = 100;

const LEFT = { isTimeout: false, mayHaveArrived: true };
const STAYED = { isTimeout: false, mayHaveArrived: false };

const post = requestOf({
  method: "POST",
  path: "/webhooks/1/PATH-SECRET",
  text: "BODY-SECRET",
  identity: identityOf("Bot TOKEN-SECRET"),
});

function writing(text: string, end: "ends" | "stays" = "ends"): Reply {
  return (_request, socket) => {
    if (end === "ends") socket.end(text, "latin1");
    else socket.write(text, "latin1");
  };
}

Deno.test("what cannot be reached did not get the request", async () => {
  const gone = await rawServerOf(replying(200));
  await gone.close();
  const cases = [
    [gone.url, "ECONNREFUSED"],
    // Longer than a name may be: no name server is asked.
    [`http://${"a".repeat(64)}.invalid/api`, "ENOTFOUND"],
  ] as const;
  for (const [url, code] of cases) {
    const upstream = upstreamOf(url);
    const failure = await failureOf(upstream.send(post));
    assert.deepEqual(aboutOf(failure), { code, ...STAYED });
    await upstream.close();
  }
});

Deno.test("a certificate that is not trusted, or of another host, gets no request", async () => {
  const caCertificates = fixture("ca.pem");
  const NOT_ITS_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";
  const cases = [
    ["localhost", "", {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["localhost", "another's", { caCertificates }, NOT_ITS_NAME],
    ["127.0.0.1", "another's", { caCertificates }, NOT_ITS_NAME],
  ] as const;
  for (const [hostname, whose, trust, code] of cases) {
    const isElsewhere = whose !== "";
    const server = await rawServerOf(replying(200), {
      isTls: true,
      isElsewhere,
    });
    const upstream = createUpstream({
      baseUrl: `https://${hostname}:${server.port}/api`,
      userAgent: OUR_AGENT,
      headersTimeoutMs: 20_000,
      bodyTimeoutMs: 20_000,
      connectTimeoutMs: 20_000,
      ...trust,
    });
    const failure = await failureOf(upstream.send(post));
    assert.deepEqual(aboutOf(failure), { code, ...STAYED });
    assert.equal(server.requests.length, 0);
    await upstream.close();
    await server.close();
  }
});

Deno.test("a certificate of a given authority is trusted, by name and by address", async () => {
  await between(replying(200, [], "{}"), async (byName, { port }) => {
    assert.equal((await byName.send(post)).status, 200);
    const byAddress = upstreamOf(`https://127.0.0.1:${port}/api`);
    assert.equal((await byAddress.send(post)).status, 200);
    await byAddress.close();
  }, { isTls: true });
});

Deno.test("a TLS handshake that breaks off left nothing behind", async () => {
  const server = await rawServerOf(replying(200), {
    onConnection(socket) {
      socket.once("data", () => socket.destroy());
      return true;
    },
  });
  const upstream = upstreamOf(`https://localhost:${server.port}`);
  const failure = await failureOf(upstream.send(post));
  assert.deepEqual(aboutOf(failure), { code: "ECONNRESET", ...STAYED });
  await upstream.close();
  await server.close();
});

Deno.test("a TLS handshake that never ends is given up, and its connection closed", async () => {
  const server = await rawServerOf(replying(200), {
    onConnection(socket) {
      socket.resume();
      return true;
    },
  });
  const upstream = upstreamOf(`https://localhost:${server.port}`, {
    connectTimeoutMs: SHORT_MS,
  });
  const failure = await failureOf(upstream.send(post));
  assert.deepEqual(aboutOf(failure), {
    code: "CONNECT_TIMEOUT",
    isTimeout: true,
    mayHaveArrived: false,
  });
  await server.idle();
  await upstream.close();
  await server.close();
});

Deno.test("an answer that is none fails, and says that the request may have arrived", async () => {
  const head = "HTTP/1.1 200 OK\r\n";
  const cases: [string, Reply, string][] = [
    ["silence", writing(""), "UND_ERR_SOCKET"],
    ["half a status line", writing("HTTP/1."), "UND_ERR_SOCKET"],
    ["half the headers", writing(`${head}X-A: 1\r\n`), "UND_ERR_SOCKET"],
    ["another protocol", writing("SSH-2.0-x\r\n\r\n"), "HTTPParserError"],
    ["no status", writing("HTTP/1.1 OK\r\n\r\n"), "HTTPParserError"],
    ["status 000", writing("HTTP/1.1 000 No\r\n\r\n"), "ERR_ASSERTION"],
    ["status 099", writing("HTTP/1.1 099 No\r\n\r\n"), "ERR_ASSERTION"],
    ["a header without name", writing(`${head}: x\r\n\r\n`), "HTTPParserError"],
    ["a NUL in a header", writing(`${head}a: \0\r\n\r\n`), "HTTPParserError"],
    [
      "two lengths",
      writing(`${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\nab`),
      "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    ],
    [
      "a length that is none",
      writing(`${head}Content-Length: 2x\r\n\r\nab`),
      "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    ],
    [
      "length and chunks",
      writing(
        `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ),
      "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    ],
    [
      "half a body",
      writing(`${head}Content-Length: 9\r\n\r\nabc`),
      "UND_ERR_SOCKET",
    ],
    [
      "half a chunked body",
      writing(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`),
      "UND_ERR_SOCKET",
    ],
    [
      "a chunk without size",
      writing(`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
      "HTTPParserError",
    ],
    [
      "33 KiB of headers",
      writing(`${head}X-A: ${"a".repeat(33 * 1024)}\r\n\r\n`),
      "UND_ERR_HEADERS_OVERFLOW",
    ],
    [
      "endless headers",
      writing(head + "X-A: 1\r\n".repeat(20_000), "stays"),
      "UND_ERR_HEADERS_OVERFLOW",
    ],
    [
      "an upgrade",
      writing(
        "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "stays",
      ),
      "UND_ERR_SOCKET",
    ],
    // RFC 9110 would have us pass it over; undici does not, and Discord does not send it unasked.
    [
      "100 Continue",
      writing("HTTP/1.1 100 Continue\r\n\r\n", "stays"),
      "UND_ERR_SOCKET",
    ],
    ["a reset", (_request, socket) => socket.resetAndDestroy(), "ECONNRESET"],
  ];
  for (const [what, reply, code] of cases) {
    await between(reply, async (upstream, server) => {
      const failure = await failureOf(upstream.send(post));
      assert.deepEqual(aboutOf(failure), { code, ...LEFT }, what);
      assert.doesNotMatch(
        `${failure.message}\n${failure.stack}`,
        new RegExp(`SECRET|:${server.port}`),
      );
      assert.equal(failure.cause, undefined);
      assert.equal(server.requests.length, 1, what);
    });
  }
});

Deno.test("silence after the request ends with a time-out, and with its connection", async () => {
  await between(() => {}, async (upstream, server) => {
    const failure = await failureOf(upstream.send(post));
    assert.deepEqual(aboutOf(failure), {
      code: "HEADERS_TIMEOUT",
      isTimeout: true,
      mayHaveArrived: true,
    });
    await server.idle();
    assert.equal(server.requests.length, 1);
  }, { headersTimeoutMs: SHORT_MS });
});

Deno.test("a large body has more time: as long as a slow line needs for it", async () => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await between((_request, socket) => {
    timer = setTimeout(() => socket.write(answerBytes(204)), 3 * SHORT_MS);
  }, async (upstream) => {
    const body = new Uint8Array(2 * 1024 * 1024);
    const answer = await upstream.send(requestOf({ method: "POST", body }));
    assert.equal(answer.status, 204);
  }, { headersTimeoutMs: SHORT_MS });
  clearTimeout(timer);
});

Deno.test("announcing an answer again and again buys no time", async () => {
  let timer: ReturnType<typeof setInterval> | undefined;
  await between((_request, socket) => {
    const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    timer = setInterval(() => socket.write(hint), SHORT_MS / 10);
  }, async (upstream) => {
    const failure = await failureOf(upstream.send(post));
    assert.equal(failure.code, "HEADERS_TIMEOUT");
  }, { headersTimeoutMs: SHORT_MS });
  clearInterval(timer);
});

Deno.test("a body that does not end is a time-out, before the caller has seen a byte", async () => {
  const reply = writing(
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    "stays",
  );
  await between(reply, async (upstream, server) => {
    const failure = await failureOf(upstream.send(post));
    assert.deepEqual(aboutOf(failure), {
      code: "BODY_TIMEOUT",
      isTimeout: true,
      mayHaveArrived: true,
    });
    await server.idle();
  }, { bodyTimeoutMs: SHORT_MS });
});

Deno.test("a stream that stalls fails for its reader", async () => {
  const reply: Reply = (_request, socket) => {
    const length = ["Content-Length: 99999999"];
    socket.write(answerBytes(200, length, "a".repeat(1_000)));
  };
  await between(reply, async (upstream, server) => {
    const answer = await upstream.send(post);
    assert.equal((await failureOf(textOf(answer))).code, "BODY_TIMEOUT");
    await server.idle();
  }, { bodyTimeoutMs: SHORT_MS });
});

Deno.test("who waits too long for a free connection is given up and never sent", async () => {
  await between((request, socket) => {
    if (request.line.startsWith("GET")) socket.write(answerBytes(200));
  }, async (upstream, server) => {
    const endings = await Promise.all(
      [1, 2, 3, 4].map(() => failureOf(upstream.send(post))),
    );
    // The first two take their 100 ms one after the other; the others wait 150.
    assert.deepEqual(
      endings.map(({ code, mayHaveArrived }) => [code, mayHaveArrived]),
      [
        ["HEADERS_TIMEOUT", true],
        ["HEADERS_TIMEOUT", true],
        ["CONNECTION_TIMEOUT", false],
        ["CONNECTION_TIMEOUT", false],
      ],
    );
    // What was given up stands before this one in undici's queue.
    await upstream.send(requestOf());
    assert.equal(server.requests.length, 3);
  }, {
    connectionsMax: 1,
    headersTimeoutMs: SHORT_MS,
    connectTimeoutMs: SHORT_MS / 2,
  });
});

Deno.test("closing fails what is in flight, what waits and what comes after", async () => {
  await between(() => {}, async (upstream, server) => {
    const sending = [post, post].map((request) =>
      failureOf(upstream.send(request))
    );
    await server.arrived(1);
    await upstream.close();
    const [inFlight, waiting] = await Promise.all(sending);
    assert.ok(inFlight && waiting);
    const code = "UND_ERR_DESTROYED";
    assert.deepEqual(aboutOf(inFlight), { code, ...LEFT });
    assert.deepEqual(aboutOf(waiting), { code, ...STAYED });
    const late = await failureOf(upstream.send(post));
    assert.deepEqual(aboutOf(late), { code, ...STAYED });
    await server.idle();
    assert.equal(server.requests.length, 1);
  }, { connectionsMax: 1 });
});

Deno.test("closing fails a stream that is being read", async () => {
  const reply = writing(
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nabc",
    "stays",
  );
  await between(reply, async (upstream) => {
    const answer = await upstream.send(post);
    const reading = failureOf(textOf(answer));
    await upstream.close();
    assert.deepEqual(aboutOf(await reading), {
      code: "UND_ERR_DESTROYED",
      ...LEFT,
    });
  });
});

Deno.test("a failed request leaves the way free for the next one", async () => {
  await between((request, socket) => {
    if (request.line.startsWith("POST")) socket.end("nonsense\r\n\r\n");
    else socket.write(answerBytes(200, [], "{}"));
  }, async (upstream) => {
    for (let round = 0; round < 5; round++) {
      await failureOf(upstream.send(post));
      assert.equal((await upstream.send(requestOf())).status, 200);
    }
  }, { connectionsMax: 1 });
});
