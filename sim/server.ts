import {
  createHash,
  createTcpServer,
  createTlsServer,
  type Socket,
  type TcpServer,
} from "./deps.ts";
import { Auditor, type ReceivedRequest } from "./auditor.ts";
import { control } from "./control.ts";
import { Connection, type Port } from "./http/connection.ts";
import { Noise } from "./http/noise.ts";
import type { WireRequest } from "./http/request_reader.ts";
import { Model } from "./model/model.ts";
import type { Outcome } from "./model/outcome.ts";
import { createRandom, drawMs } from "./model/random.ts";
import type { SimRequest } from "./model/request.ts";
import { checkNames } from "./model/settings.ts";
import { SERVER_OPTIONS, type SimChange, type SimOptions } from "./options.ts";
import type { Sim } from "./sim.ts";

export type { Sim } from "./sim.ts";
export type { SimChange, SimOptions } from "./options.ts";
export type { AuditReport, ReceivedRequest } from "./auditor.ts";

/** Enough for every test; a bench sets 0. */
const RECORDS_MAX = 100_000;
const KEEP_BODY_BYTES = 64 * 1024;
/** Bodies are read as JSON up to here: Discord's own are far smaller, but a report on 100,000 marks asks with 4 MB. */
const READ_BODY_BYTES = 16 * 1024 * 1024;

/** Starts a simulated Discord on loopback. */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const host = new SimHost(options);
  await host.listen();
  return host.sim;
}

/** Deliveries in which the caller gets a status. */
const ANSWERED: ReadonlySet<string> = new Set(["whole", "slow", "cut"]);

class SimHost {
  readonly #options: SimOptions;
  readonly #server: TcpServer;
  readonly #connections = new Set<Connection>();
  readonly #audit = new Auditor();
  #records: ReceivedRequest[] = [];
  readonly #noise = new Noise();
  #opened = 0;
  #sim: Sim | undefined;
  #change: SimChange;
  #model: Model;
  #random = createRandom(1);

  constructor(options: SimOptions) {
    checkNames(options, SERVER_OPTIONS);
    this.#options = options;
    this.#change = options;
    this.#model = new Model(options, nowMs());
    this.#random = createRandom((options.seed ?? 1) + 1);
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = options.tls === undefined
      ? createTcpServer({ allowHalfOpen: true, noDelay: true }, accept)
      : createTlsServer(
        { ...options.tls, ALPNProtocols: ["http/1.1"] },
        accept,
      );
  }

  listen(): Promise<void> {
    const { port = 0, hostname = "127.0.0.1" } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, hostname, () => resolve());
    });
  }

  /** Read once: asking the socket for its address is a system call. */
  get sim(): Sim {
    return this.#sim ??= this.#describe();
  }

  #describe(): Sim {
    const { hostname = "127.0.0.1", tls } = this.#options;
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port ?? 0 : 0;
    const close = () => this.#close();
    return {
      url: `${tls === undefined ? "http" : "https"}://${hostname}:${port}/api`,
      port,
      audit: this.#audit,
      requests: () => this.#records,
      settings: () => this.#model.settings,
      set: (change) => this.#set(change),
      script: (fault) => this.#model.script(fault),
      reset: (change = {}) => this.#reset(change),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  #set(change: SimChange): void {
    checkNames(change, SERVER_OPTIONS);
    this.#change = { ...this.#change, ...change };
    this.#model.set(change, nowMs());
  }

  #reset(change: SimChange): void {
    checkNames(change, SERVER_OPTIONS);
    const settings = this.#model.settings;
    this.#change = { ...this.#change, ...change };
    this.#model = new Model(settings, nowMs());
    this.#model.set(change, nowMs());
    this.#random = createRandom(this.#model.settings.seed + 1);
    this.#audit.reset();
    this.#records = [];
  }

  #accept(socket: Socket): void {
    this.#opened++;
    const port: Port = {
      number: this.#opened,
      keepBytes: READ_BODY_BYTES,
      bodyLimitBytes: () => this.#model.settings.answers.bodyLimitBytes,
      answers: () => this.#model.settings.answers,
      noise: () =>
        this.#noise.lines(nowMs() + this.#model.settings.clockOffsetMs),
      createHash: sha256,
      control: (request) => control(request, this.sim),
      latencyInMs: () => this.#draw(this.#change.latencyIn),
      latencyOutMs: () => this.#draw(this.#change.latencyOut),
      judge: (...call) => this.#judge(...call),
      answered: (record) => {
        record.answeredAtMs = nowMs();
        this.#audit.answered(record.answeredAtMs);
      },
      closed: () => this.#connections.delete(connection),
    };
    const connection = new Connection(socket, port);
    this.#connections.add(connection);
  }

  #draw(range: SimChange["latencyIn"]): number {
    return range === undefined ? 0 : drawMs(this.#random, range);
  }

  #judge(
    wire: WireRequest,
    remoteIp: string,
    connection: number,
    onConnection: number,
    receivedAtMs: number,
  ): { outcome: Outcome; record: ReceivedRequest } {
    const arrivedAtMs = nowMs();
    const request: SimRequest = {
      ...wire,
      remoteIp,
      isReused: onConnection > 1,
    };
    const outcome = this.#model.handle(request, arrivedAtMs);
    const { recordLimit = RECORDS_MAX, keepBodyBytes = KEEP_BODY_BYTES } =
      this.#options;
    const { response, delivery, ...facts } = outcome;
    const record: ReceivedRequest = {
      ...facts,
      connection,
      onConnection,
      receivedAtMs,
      arrivedAtMs,
      answeredAtMs: undefined,
      method: wire.method,
      target: wire.target,
      headers: wire.headers,
      // A copy when cut: a view would keep the whole body alive.
      body: wire.body.length > keepBodyBytes
        ? wire.body.slice(0, keepBodyBytes)
        : wire.body,
      bodyBytes: wire.bodyBytes,
      bodySha256: wire.bodySha256,
      status: ANSWERED.has(delivery.kind) ? response.status : 0,
    };
    this.#audit.arrived(record);
    if (this.#records.length < recordLimit) this.#records.push(record);
    return { outcome, record };
  }

  #close(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#connections) connection.destroy();
    });
  }
}

/** Unix time with fractions, from the clock that never jumps. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function sha256(): { update(chunk: Uint8Array): void; hex(): string } {
  const hash = createHash("sha256");
  return {
    update: (chunk) => void hash.update(chunk),
    hex: () => hash.digest("hex"),
  };
}
