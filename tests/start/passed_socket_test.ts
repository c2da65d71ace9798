import assert from "node:assert/strict";
import { denoCommand, startWords } from "../../tools/deno_child.ts";
import { KEY } from "./_held_upstream.ts";

const ROOT = new URL("../../", import.meta.url);

const PYTHON = "python3";

/**
 * A parent that holds a socket, as systemd does, and never takes a connection
 * from it: starts the proxy on it, asks all the time, and puts three processes
 * in the place of one another. Prints how many calls were answered, and the
 * errors of the others.
 */
const PARENT = `
import json, os, signal, socket, subprocess, sys, threading, time, urllib.request
held = socket.socket()
held.bind(("127.0.0.1", 0))
held.listen(512)
port = held.getsockname()[1]
if held.fileno() != 3:
    os.dup2(held.fileno(), 3)
def start():
    process = subprocess.Popen(sys.argv[1:], pass_fds=(3,), stdout=subprocess.PIPE)
    while b"Listening on http://127.0.0.1:%d" % port not in process.stdout.readline():
        if process.poll() is not None:
            sys.exit("the proxy ended")
    return process
process = start()
answered, errors, is_over = 0, [], False
def ask():
    global answered
    while not is_over:
        try:
            urllib.request.urlopen("http://127.0.0.1:%d/healthz" % port, timeout=20).read()
            answered += 1
        except Exception as error:
            errors.append(repr(error))
asking = threading.Thread(target=ask)
asking.start()
for count in range(3):
    while answered < (count + 1) * 50 and not errors:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.wait()
    process = start()
is_over = True
asking.join()
process.kill()
print(json.dumps({"answered": answered, "errors": errors}))
`;

function hasPython(): boolean {
  try {
    return new Deno.Command(PYTHON, { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "on a socket that a parent holds three processes follow one another without one call that fails",
  ignore: !hasPython(),
  async fn() {
    const flags = startWords().slice(2, -1).filter((word) =>
      word !== "--env-file"
    );
    const { stdout, stderr } = await denoCommand({
      through: [PYTHON, "-c", PARENT],
      args: ["run", "--cached-only", ...flags, "rest/mod.ts"],
      cwd: ROOT,
      env: {
        LISTEN_FDS: "1",
        REST_AUTHORIZATION: KEY,
        DISCORD_TOKEN: "",
        REST_LOG_FORMAT: "json",
      },
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert.ok(said !== "", new TextDecoder().decode(stderr));
    const { answered, errors } = JSON.parse(said);
    assert.deepEqual(errors, []);
    assert.ok(answered >= 150, `${answered} calls`);
  },
});
