import { type Address, addressOf, ENV_FILE, settingsOf } from "./address.ts";
import {
  type ChildProcess,
  createHash,
  existsSync,
  process,
  readFileSync,
  spawn,
} from "./deps.ts";
import { type HeldSocket, holdSocket } from "./held_socket.ts";
import { type Action, Restarts } from "./restarts.ts";

/** What is run. */
export interface Program {
  /** Finds Deno, which an update may have moved. */
  readonly deno: () => string;
  /** The words after it, but for `--env-file`. */
  readonly flags: readonly string[];
  /** The proxy in one file. */
  readonly path: string;
}

/** REST_DRAIN_MS may be ten minutes; what has not ended after them never will. */
const DRAIN_MS_MAX = 620_000;

/** The first file descriptor that is passed on (sd_listen_fds(3)). */
const FIRST = 3;

/** Runs the proxy, one process after the other, until it is told to stop or gives up. */
export class Supervisor {
  readonly #program: Program;
  readonly #restarts = new Restarts();
  #child: ChildProcess | undefined;
  #socket: HeldSocket | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  /** A signal that came while a process was being started. */
  #owed: "SIGTERM" | "SIGHUP" | undefined;
  /** Of what the running process was made from. */
  #digest = "";

  constructor(program: Program) {
    this.#program = program;
  }

  /** Starts the first process and hands signals on from then. */
  async run(): Promise<void> {
    await this.#start();
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => this.#act(this.#restarts.stop()));
    }
    // There it means that the console was closed.
    if (process.platform === "win32") return;
    process.on("SIGHUP", () => {
      const hasChanged = this.#digest !== digestOf(this.#program);
      this.#act(this.#restarts.hangUp(hasChanged));
    });
  }

  async #start(): Promise<void> {
    const { deno, flags, path } = this.#program;
    this.#restarts.started(performance.now());
    await this.#holdSocket(addressOf(settingsOf(process.env)));
    this.#digest = digestOf(this.#program);
    const envFile = existsSync(ENV_FILE) ? ["--env-file"] : [];
    const fd = passedOn() ? FIRST : this.#socket?.fd;
    const child = spawn(deno(), ["run", ...flags, ...envFile, path], {
      env: environment(fd !== undefined),
      stdio: ["inherit", "inherit", "inherit", ...fd === undefined ? [] : [fd]],
    });
    this.#child = child;
    child.on("error", (error) => {
      // Then nothing was started, and "exit" does not come.
      if (child.pid === undefined) this.#ended(1, null, error.message);
    });
    child.on("exit", (code, signal) => this.#ended(code, signal));
    if (this.#owed !== undefined) this.#signal(this.#owed);
  }

  #ended(code: number | null, signal: string | null, why = ""): void {
    this.#child = undefined;
    const action = this.#restarts.ended({ code, signal }, performance.now());
    if (action.kind === "start" && action.afterMs > 0) {
      const how = why || (signal ?? `code ${code}`);
      tell(
        `the proxy has ended (${how}); it starts again in ${action.afterMs} ms`,
      );
    }
    this.#act(action);
  }

  #act(action: Action): void {
    switch (action.kind) {
      case "start":
        clearTimeout(this.#pause);
        this.#pause = setTimeout(() => this.#startAgain(), action.afterMs);
        return;
      case "signal":
        return this.#signal(action.signal);
      case "exit":
        process.exit(action.code);
    }
  }

  #startAgain(): void {
    this.#start().catch((error) => this.#ended(1, null, error.message));
  }

  #signal(signal: "SIGTERM" | "SIGHUP"): void {
    const child = this.#child;
    this.#owed = child === undefined ? signal : undefined;
    child?.kill(signal);
    if (child === undefined || signal !== "SIGTERM") return;
    const late = setTimeout(() => child.kill("SIGKILL"), DRAIN_MS_MAX);
    child.once("exit", () => clearTimeout(late));
  }

  /** The socket that is held stays where its address does; another one is opened before it is closed. */
  async #holdSocket(wanted: Address | undefined): Promise<void> {
    if (process.platform === "win32" || passedOn()) return;
    const { address } = this.#socket ?? {};
    const isSame = address?.host === wanted?.host &&
      address?.port === wanted?.port;
    if (isSame) return;
    const next = wanted === undefined ? undefined : await holdSocket(wanted);
    this.#socket?.close();
    this.#socket = next;
  }
}

/** Whether whoever started us, systemd for one, holds a socket for us. */
function passedOn(): boolean {
  const { LISTEN_FDS, LISTEN_PID } = process.env;
  const isOurs = LISTEN_PID === undefined || Number(LISTEN_PID) === process.pid;
  return LISTEN_FDS === "1" && isOurs;
}

/** The child's environment. */
function environment(hasSocket: boolean): Record<string, string | undefined> {
  const { LISTEN_FDS: _, LISTEN_PID: __, ...others } = process.env;
  return {
    ...others,
    DENO_NO_UPDATE_CHECK: "1",
    ...hasSocket && { LISTEN_FDS: "1" },
  };
}

/** Of everything that only a new process takes up: settings, program, Deno. */
function digestOf({ deno, path }: Program): string {
  const hash = createHash("sha256").update(deno()).update("\n");
  hash.update(readFileSync(path));
  if (existsSync(ENV_FILE)) hash.update(readFileSync(ENV_FILE));
  return hash.digest("hex");
}

/** A line for people, where the proxy's own lines go on standard output. */
export function tell(sentence: string): void {
  process.stderr.write(`sluice: ${sentence}\n`);
}
