import type {
  HttpAnswer,
  IncomingRequest,
} from "../../../rest/listener/http/incoming_request.ts";
import type { ServeOptions } from "../../../rest/listener/transport/transport.ts";
import { writeAll } from "../_raw_http.ts";
import { endpointOf, servingOf, textAnswer } from "../_serve.ts";

/** One connection to a listener whose answers a test gives, in any order. */
class Pipeline implements AsyncDisposable {
  readonly #connection: Deno.Conn;
  readonly #steps = new Map<string, Step>();
  readonly #shutdown: () => Promise<void>;
  text = "";

  constructor(
    connection: Deno.Conn,
    steps: Map<string, Step>,
    shutdown: () => Promise<void>,
  ) {
    this.#connection = connection;
    this.#steps = steps;
    this.#shutdown = shutdown;
  }

  async send(text: string): Promise<void> {
    await writeAll(this.#connection, text);
  }

  /** Settles once the request for `target` has been read whole. */
  async came(target: string): Promise<void> {
    await stepOf(this.#steps, target).came.promise;
  }

  /** Answers the request for `target`, and lets as much go out as may. */
  async answer(target: string, answer: HttpAnswer): Promise<void> {
    stepOf(this.#steps, target).answer.resolve(answer);
    await turn();
  }

  shutdown(): Promise<void> {
    return this.#shutdown();
  }

  /** Reads until `end` has come; heads are shortened to `[status]`. */
  async read(end: string): Promise<string> {
    while (!this.text.includes(end)) {
      if (!await this.#readOn()) break;
    }
    return shortened(this.text);
  }

  /** Reads until the other side closes. */
  async readToEnd(): Promise<string> {
    while (await this.#readOn());
    return shortened(this.text);
  }

  async #readOn(): Promise<boolean> {
    const buffer = new Uint8Array(256 * 1024);
    const count = await this.#connection.read(buffer);
    this.text += new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    return count !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#shutdown();
  }
}

interface Step {
  readonly came: PromiseWithResolvers<void>;
  readonly answer: PromiseWithResolvers<HttpAnswer>;
}

function stepOf(steps: Map<string, Step>, target: string): Step {
  const known = steps.get(target);
  if (known !== undefined) return known;
  const step = {
    came: Promise.withResolvers<void>(),
    answer: Promise.withResolvers<HttpAnswer>(),
  };
  steps.set(target, step);
  return step;
}

function shortened(text: string): string {
  return text.replace(/HTTP\/1\.1 (\d+)[^]*?\r\n\r\n/g, "[$1]");
}

/** Everything that waits for no timer and no socket is done after it. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

async function readWhole({ body }: IncomingRequest): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (body === undefined) return;
  body.read({ begun() {}, received() {}, ended: resolve, failed: resolve });
  await promise;
}

/** Starts a listener and connects to it. */
export type Place = (
  serving: ServeOptions,
) => Promise<{ connection: Deno.Conn; shutdown(): Promise<void> }>;

/** Bodies are read, but for those of requests for `/unread`. */
export async function openPipeline(
  place: Place,
  change: Parameters<typeof servingOf>[1] = {},
): Promise<Pipeline> {
  const steps = new Map<string, Step>();
  const endpoint = endpointOf(async (request) => {
    const step = stepOf(steps, request.target);
    if (request.target !== "/unread") await readWhole(request);
    step.came.resolve();
    return await step.answer.promise;
  }, () => textAnswer("<upgrade>"));
  const { connection, shutdown } = await place(servingOf(endpoint, change));
  let shut: Promise<void> | undefined;
  return new Pipeline(connection, steps, () => shut ??= shutdown());
}
