/** Claims about Unix sockets; `serve_socket_test.ts` runs them where every path may be listened on. */
import assert from "node:assert/strict";
import { startUnixListener } from "../../rest/listener/transport/listen_unix.ts";
import { KEY, startBench } from "./_bench.ts";
import { exchangeOver } from "./_raw_http.ts";
import { servingOf, textAnswer } from "./_serve.ts";
import {
  ABSOLUTE_CROSSING,
  ABSOLUTE_REFUSED,
  CROSSING,
  REFUSED,
} from "./http/_paths.ts";
import { claimDepartures } from "./transport/_departure_claims.ts";
import { PIPELINING_CLAIMS } from "./transport/_pipelining_claims.ts";
import type { OpenWay } from "./transport/_ways.ts";

const OK = servingOf(() => Promise.resolve(textAnswer("ok")));
const REQUEST = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/** A directory of its own for the claim. */
async function inDirectory(
  claim: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await claim(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const openSocket: OpenWay = async (options) => {
  const bench = await startBench(options);
  const directory = await Deno.makeTempDir();
  const path = `${directory}/s`;
  const listener = await startUnixListener({
    ...servingOf(bench.endpoint),
    path,
  });
  return {
    bench,
    connect: () => Deno.connect({ transport: "unix", path }),
    async [Symbol.asyncDispose]() {
      await listener.shutdown();
      await bench[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
};

claimDepartures("a Unix socket", openSocket);

async function exchangeAt(path: string, text: string) {
  const connection = await Deno.connect({ transport: "unix", path });
  return await exchangeOver(connection, text);
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** A socket whose owner is gone, as after signal 9. */
async function leaveStale(path: string): Promise<void> {
  const moved = `${path}.moved`;
  const listener = Deno.listen({ transport: "unix", path });
  await Deno.rename(path, moved);
  // Closing removes the file of the name it was opened with.
  listener.close();
  await Deno.rename(moved, path);
}

Deno.test("a socket serves, is its owner's alone, and is gone after shutdown()", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/s`;
    const listener = await startUnixListener({ ...OK, path });
    assert.equal(listener.url, `unix:${path}`);
    const { mode, isSocket } = await Deno.lstat(path);
    assert.ok(isSocket);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal((await exchangeAt(path, REQUEST)).body, "ok");
    await listener.shutdown();
    assert.ok(!await isThere(path));
  });
});

Deno.test("files made later have the umask of before", async () => {
  await inDirectory(async (directory) => {
    const before = Deno.umask();
    const listener = await startUnixListener({ ...OK, path: `${directory}/s` });
    assert.equal(Deno.umask(), before);
    await listener.shutdown();
  });
});

Deno.test("a socket that nobody answers on is replaced", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/s`;
    await leaveStale(path);
    const listener = await startUnixListener({ ...OK, path });
    assert.equal((await exchangeAt(path, REQUEST)).body, "ok");
    await listener.shutdown();
  });
});

Deno.test("a socket that somebody answers on is left to them", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/s`;
    const first = await startUnixListener({ ...OK, path });
    await assert.rejects(startUnixListener({ ...OK, path }), {
      message:
        `Cannot listen on unix:${path}: another process answers there; stop it`,
    });
    assert.equal((await exchangeAt(path, REQUEST)).body, "ok");
    await first.shutdown();
  });
});

Deno.test("what is not a socket is left alone", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/notes`;
    await Deno.writeTextFile(path, "precious");
    await Deno.symlink(path, `${directory}/link`);
    for (const name of ["notes", "link"]) {
      const at = `${directory}/${name}`;
      await assert.rejects(startUnixListener({ ...OK, path: at }), {
        message:
          `Cannot listen on unix:${at}: there is something that is not a socket`,
      });
    }
    assert.equal(await Deno.readTextFile(path), "precious");
  });
});

Deno.test("a directory that is not there is told in one sentence", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/none/s`;
    await assert.rejects(startUnixListener({ ...OK, path }), {
      message: `Cannot listen on unix:${path}: its directory does not exist`,
    });
  });
});

Deno.test({
  name: "without permission to write the socket is refused in one sentence",
  permissions: { read: true, net: true },
  async fn() {
    const path = "/tmp/never-made.sock";
    await assert.rejects(startUnixListener({ ...OK, path }), {
      message:
        `Cannot listen on unix:${path}: it is not permitted; check the directory, and --allow-read, --allow-write and --allow-sys`,
    });
  },
});

Deno.test("over a socket every target crosses or is refused as over a port", async () => {
  await inDirectory(async (directory) => {
    await using bench = await startBench();
    const path = `${directory}/s`;
    const listener = await startUnixListener({
      ...servingOf(bench.endpoint),
      path,
    });
    const ask = (target: string) =>
      exchangeAt(
        path,
        `GET ${target} HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\n\r\n`,
      );
    const crossing = [...CROSSING, ...ABSOLUTE_CROSSING];
    for (const [target] of crossing) {
      assert.equal((await ask(target)).status, 200, target);
    }
    assert.deepEqual(
      bench.submitted.map(({ target }) => target),
      crossing.map(([, version, path, query]) => ({ version, path, query })),
    );
    for (const target of [...REFUSED, ...ABSOLUTE_REFUSED]) {
      const { status, body } = await ask(target);
      assert.equal(status, 400, target);
      assert.equal(JSON.parse(body).code, "bad_path", target);
    }
    assert.equal(bench.submitted.length, crossing.length);
    await listener.shutdown();
  });
});

Deno.test("a caller on a socket is named after its key and the socket", async () => {
  await inDirectory(async (directory) => {
    await using bench = await startBench();
    const path = `${directory}/s`;
    const listener = await startUnixListener({
      ...servingOf(bench.endpoint),
      path,
    });
    await exchangeAt(
      path,
      `GET /users/@me HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\n\r\n`,
    );
    assert.equal(bench.submitted[0]?.caller, "main@unix");
    await listener.shutdown();
  });
});

for (const [name, check] of PIPELINING_CLAIMS) {
  Deno.test(`on a socket: ${name}`, () =>
    inDirectory((directory) =>
      check(async (serving) => {
        const path = `${directory}/socket`;
        const listener = await startUnixListener({ ...serving, path });
        const connection = await Deno.connect({ transport: "unix", path });
        return { connection, shutdown: () => listener.shutdown() };
      })
    ));
}
