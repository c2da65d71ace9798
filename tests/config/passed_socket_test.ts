import assert from "node:assert/strict";
import { passedSocketIn } from "../../rest/config/passed_socket.ts";

const PLAIN = { socket: undefined, tlsCertFile: undefined };

function read(env: Record<string, string>, settings = {}) {
  const problems: string[] = [];
  const fd = passedSocketIn(env, 42, { ...PLAIN, ...settings }, problems);
  return { fd, problems };
}

Deno.test("one socket that was passed to this process is file descriptor 3", () => {
  assert.deepEqual(read({ LISTEN_FDS: "1", LISTEN_PID: "42" }), {
    fd: 3,
    problems: [],
  });
  assert.equal(read({ LISTEN_FDS: "1" }).fd, 3);
});

Deno.test("none that was passed to another process, or not at all", () => {
  assert.equal(read({}).fd, undefined);
  assert.equal(read({ LISTEN_FDS: "" }).fd, undefined);
  assert.equal(read({ LISTEN_FDS: "1", LISTEN_PID: "41" }).fd, undefined);
});

for (
  const [env, settings, problem] of [
    [{ LISTEN_FDS: "2" }, {}, /^LISTEN_FDS is "2": want 1 socket$/],
    [{ LISTEN_FDS: "1" }, { tlsCertFile: "c" }, /^REST_TLS_CERT cannot/],
    [{ LISTEN_FDS: "1" }, { socket: "/s" }, /^REST_SOCKET cannot/],
  ] as const
) {
  Deno.test(`a passed socket is refused in one sentence: ${problem.source}`, () => {
    const { problems } = read(env, settings);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", problem);
  });
}
