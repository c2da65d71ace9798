import type { Caller } from "./load.ts";
import { requestOf } from "./mix.ts";
import type { RawRequest } from "./raw_http.ts";

export interface RepCallerOptions {
  readonly url: URL;
  readonly key: string;
  readonly inFlight: number;
  /** Undefined: a plain connection. */
  readonly session?: string;
}

/** Sends every request over one socket. */
export async function callOverRep(options: RepCallerOptions): Promise<Caller> {
  const socket = await openRep(options.url, options.key);
  const caller = new RepCaller(socket, options.inFlight);
  if (options.session !== undefined) await caller.join(options.session);
  return caller;
}

/** Opens a socket that has shown the key with its upgrade. */
export async function openRep(url: URL, key: string): Promise<WebSocket> {
  const address = `ws://${url.host}/rep`;
  const socket = new WebSocket(address, { headers: { authorization: key } });
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`Cannot open ${address}`));
  });
  return socket;
}

/** As often as our own client acknowledges. */
const ACK_EVERY = 50;

const REPLY_END = /"req":"(\d+)-\d+"(?:,"seq":(\d+))?\}$/;

/** Reads no more of a reply than it must: a driver that costs more than what it drives measures itself. */
class RepCaller implements Caller {
  readonly #socket: WebSocket;
  #turns: number[];
  #turnsBefore = 0;
  #answered = 0;
  #running = 0;
  #endMs = 0;
  #ackedSeq = 0;
  #seq = 0;
  #onEnd: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(socket: WebSocket, inFlight: number) {
    this.#socket = socket;
    this.#turns = Array.from({ length: inFlight }, () => 0);
    socket.onmessage = ({ data }) => this.#answer(data);
    socket.onclose = ({ code, reason }) =>
      this.#onEnd.reject(new Error(`Closed with ${code} ${reason}`));
  }

  async join(session: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { onmessage } = this.#socket;
    this.#socket.onmessage = ({ data }) => resolve(data);
    const data = { session };
    this.#socket.send(
      JSON.stringify({
        target: "/_rep/auth",
        method: "ACTION",
        data,
        req: "0",
      }),
    );
    const welcome = await promise;
    if (!welcome.includes('"status":200')) throw new Error(welcome);
    this.#socket.onmessage = onmessage;
  }

  async saturate(forMs: number): Promise<number> {
    this.#answered = 0;
    this.#endMs = performance.now() + forMs;
    this.#onEnd = Promise.withResolvers();
    this.#turns = this.#turns.map(() => this.#turnsBefore);
    for (const owner of this.#turns.keys()) this.#ask(owner);
    await this.#onEnd.promise;
    // A `req` is used once in a session's life.
    this.#turnsBefore = Math.max(...this.#turns);
    return this.#answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#socket.onclose = resolve;
    });
    this.#socket.close();
    await closed;
  }

  #ask(owner: number): void {
    const turn = this.#turns[owner] as number;
    this.#turns[owner] = turn + 1;
    this.#running++;
    const start = frameStartOf(requestOf(owner, turn));
    this.#socket.send(`${start}${owner}-${turn}"${this.#ack()}}`);
  }

  #ack(): string {
    if (this.#seq - this.#ackedSeq < ACK_EVERY) return "";
    this.#ackedSeq = this.#seq;
    return `,"ack":${this.#seq}`;
  }

  #answer(text: string): void {
    const found = REPLY_END.exec(text);
    if (found === null || !text.includes('"status":200')) {
      return this.#onEnd.reject(new Error(`Wanted a 200, got ${text}`));
    }
    this.#answered++;
    this.#running--;
    this.#seq = Number(found[2] ?? 0);
    if (performance.now() < this.#endMs) this.#ask(Number(found[1]));
    else if (this.#running === 0) this.#onEnd.resolve();
  }
}

/** The frame of a request up to the contents of its `req`, which is a text. */
function frameStartOf({ target, body }: RawRequest): string {
  const start = `{"target":"${target}","method":`;
  return body === undefined
    ? `${start}"GET","req":"`
    : `${start}"ACTION","data":${body},"req":"`;
}
