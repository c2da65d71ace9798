import {
  type ClientOptions,
  type Clock,
  type EventName,
  RepClient,
} from "../../client/mod.ts";
import { createManualClock, type ManualClock } from "../_manual_clock.ts";
import { FakeSocket, type Frame } from "./_fake_socket.ts";

/** The members of a request that its reply repeats. */
type Asked = Pick<Frame, "target" | "req">;

/** A client on a clock that stands still, with the test as its server. */
export interface Rig {
  readonly client: RepClient;
  readonly clock: ManualClock;
  readonly sockets: FakeSocket[];
  /** Every event, as `[name, ...what it told]`. */
  readonly events: unknown[][];
  /** The newest socket. */
  readonly socket: FakeSocket;
  /** Lets the newest socket open and authenticate. */
  authenticate(
    data?: Record<string, unknown>,
    protocol?: string,
  ): Promise<void>;
  /** A request sent on the newest socket; the last one by default. */
  sent(at?: number): Frame;
  /** Answers a request of the newest socket. */
  answer(frame: Frame, data?: unknown, extra?: Record<string, unknown>): void;
  /** Refuses a request of the newest socket. */
  refuse(frame: Asked, status: number, error: unknown): void;
  /** Advances the clock until there is a new socket. */
  reconnect(data?: Record<string, unknown>): Promise<void>;
  /** The events of one name. */
  told(name: EventName): unknown[][];
}

const EVENT_NAMES: readonly EventName[] = [
  "connecting",
  "open",
  "ready",
  "notice",
  "backpressure",
  "reconnecting",
  "close",
  "error",
  "ping",
];

/** Longer than any back-off. */
const LONGEST_BACKOFF_MS = 20_000;

const STEP_MS = 25;

/** A rig whose client is connected. */
export async function readyRigOf(
  options: ClientOptions = {},
  authReply: Record<string, unknown> = {},
): Promise<Rig> {
  const rig = rigOf(options);
  await rig.authenticate(authReply);
  return rig;
}

export function rigOf(options: ClientOptions = {}): Rig {
  const clock = createManualClock(1_000);
  const sockets: FakeSocket[] = [];
  const events: unknown[][] = [];
  const client = new RepClient("ws://proxy/rep", {
    token: "key",
    session: "shard-0",
    clock: clientClock(clock),
    random: () => 0.5,
    webSocket: (url, request) => {
      const socket = new FakeSocket(url, request);
      sockets.push(socket);
      return socket;
    },
    ...options,
  });
  for (const name of EVENT_NAMES) {
    client.on(name, (...args: unknown[]) => void events.push([name, ...args]));
  }
  const rig: Rig = {
    client,
    clock,
    sockets,
    events,
    get socket() {
      const socket = sockets.at(-1);
      if (socket === undefined) throw new Error("No socket was opened yet");
      return socket;
    },
    async authenticate(data, protocol) {
      await clock.settle();
      rig.socket.open(protocol);
      rig.socket.say(authReplyOf(data ?? {}));
      await clock.settle();
    },
    sent(at = -1) {
      const frame = rig.socket.requests.at(at);
      if (frame === undefined) throw new Error(`No request ${at} was sent`);
      return frame;
    },
    answer: (frame, data = null, extra = {}) =>
      rig.socket.say(replyOf(frame, { status: 200, data }, extra)),
    refuse: (frame, status, error) =>
      rig.socket.say(replyOf(frame, { status, error })),
    async reconnect(data = { resumed: true }) {
      const before = sockets.length;
      const latestMs = clock.nowMs() + LONGEST_BACKOFF_MS;
      // In small steps: the new socket has to open within ten seconds.
      while (sockets.length === before && clock.nowMs() < latestMs) {
        await clock.advance(STEP_MS);
      }
      if (sockets.length === before) throw new Error("No new socket");
      await rig.authenticate(data);
    },
    told: (name) => events.filter(([told]) => told === name),
  };
  return rig;
}

/** The manual clock as the client's port. */
export function clientClock(clock: ManualClock): Clock {
  const after = (delayMs: number, action: () => void) =>
    clock.wakeAt(clock.nowMs() + delayMs, action);
  return { nowMs: clock.nowMs, after, afterIdly: after };
}

/** The server's answer to the authentication request. */
function authReplyOf(
  data: Record<string, unknown>,
): Record<string, unknown> {
  return {
    target: "/_rep/auth",
    method: "REPLY",
    req: "rep-auth",
    data: {
      status: 200,
      data: {
        version: 1,
        session: "shard-0",
        resumed: false,
        epoch: "e1",
        seq: 0,
        redeliver: 0,
        lost: 0,
        inFlight: 0,
        limits: {
          maxPayload: 1_048_576,
          maxInFlight: 100,
          mailbox: 10_000,
          pingInterval: 20_000,
        },
        ...data,
      },
    },
  };
}

export function replyOf(
  { target, req }: Asked,
  data: Record<string, unknown>,
  extra: Record<string, unknown> = {},
): Record<string, unknown> {
  return { target, method: "REPLY", data, req, ...extra };
}

/** What a promise rejects with; fails unless it is of that class. */
export async function failureOf<Failure>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => Failure,
): Promise<Failure> {
  const thrown = await promise.then(
    (value) => new Error(`Resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (thrown instanceof kind) return thrown;
  throw thrown;
}
