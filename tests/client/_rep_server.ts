import type { Frame } from "./_fake_socket.ts";

/** What the pretended Discord says to a request. */
export interface Answer {
  readonly status: number;
  readonly data?: unknown;
  readonly error?: unknown;
}

/** A request as it arrived, files counted in bytes. */
export interface Arrived extends Frame {
  readonly fileBytes: number[];
}

/** A small REP server on a real socket: enough of the profile to try the client on. */
export interface RepServer extends AsyncDisposable {
  readonly url: string;
  /** Every request that was executed, in order. */
  readonly executed: Arrived[];
  /** Every connection so far. */
  readonly connections: number;
  /** Forgets every session and begins a new epoch, as a restart does. */
  restart(): void;
}

interface Session {
  seq: number;
  socket: WebSocket | undefined;
  /** Replies not acknowledged yet. */
  readonly mailbox: Map<number, Record<string, unknown>>;
  /** What is known of a `req`: running, or its reply. */
  readonly byReq: Map<unknown, Record<string, unknown> | "running">;
}

interface Peer {
  readonly socket: WebSocket;
  isKnown: boolean;
  isExtended: boolean;
  session: Session | undefined;
}

const SUCCESS_MAX = 299;

/** A stand-in for Discord: knows a user, takes messages, deletes anything. */
export function pretendDiscord(frame: Arrived): Answer {
  const { method } = frame;
  const [target = ""] = frame.target.split("?");
  if (method === "GET" && target.endsWith("/users/@me")) {
    return { status: 200, data: { id: "1", username: "sluice" } };
  }
  if (method === "ACTION" && target.endsWith("/messages")) {
    const { content } = frame.data as { content: string };
    if (content === "") {
      const error = { message: "Cannot send an empty message", code: 50006 };
      return { status: 400, error };
    }
    return { status: 200, data: { id: "77", content, files: frame.fileBytes } };
  }
  if (method === "DELETE") return { status: 204, data: null };
  return { status: 404, error: { message: "Unknown", code: 10_000 } };
}

/** Starts a server on a free port; with the token "" it serves anybody. */
export function startRepServer(
  respond: (frame: Arrived) => Answer | Promise<Answer> = pretendDiscord,
  token = "key",
): RepServer {
  const executed: Arrived[] = [];
  const peers = new Set<Peer>();
  const sessions = new Map<string, Session>();
  let epoch = 1;
  let connections = 0;

  const onFrame = async (peer: Peer, frame: Arrived): Promise<void> => {
    if (typeof frame.ack === "number") acknowledge(peer.session, frame.ack);
    if (frame.target === "/_rep/auth") return greet(peer, frame);
    if (!peer.isKnown) return;
    if (frame.target === "/_rep/ack") {
      const { seq } = frame.data as { seq: number };
      return acknowledge(peer.session, seq);
    }
    if (frame.target.startsWith("/_rep/")) return;
    await execute(peer, frame);
  };

  const greet = (peer: Peer, frame: Arrived): void => {
    const asked = frame.data as Record<string, unknown>;
    if (asked["token"] !== token) {
      const error = { message: "Invalid authorization key.", sent: false };
      send(peer.socket, replyTo(frame, { status: 401, error }));
      return peer.socket.close(4403, "refused");
    }
    peer.isKnown = true;
    peer.isExtended ||= asked["ext"] === true;
    const name = asked["session"];
    const lastSeq = Number(asked["lastSeq"] ?? 0);
    const known = sessions.get(String(name));
    if (typeof name === "string") {
      const session = known ?? newSession();
      sessions.set(name, session);
      session.socket?.close(4409, "taken over");
      session.socket = peer.socket;
      peer.session = session;
    }
    const kept = [...peer.session?.mailbox.values() ?? []]
      .filter((reply) => Number(reply["seq"]) > lastSeq);
    const data = {
      version: 1,
      session: name,
      resumed: known !== undefined,
      epoch: `e${epoch}`,
      seq: peer.session?.seq ?? 0,
      redeliver: kept.length,
      lost: 0,
      inFlight: 0,
      limits: {
        maxPayload: 8_388_608,
        maxInFlight: 5_000,
        mailbox: 10_000,
        pingInterval: 20_000,
      },
    };
    send(peer.socket, replyTo(frame, { status: 200, data }));
    for (const reply of kept) send(peer.socket, redelivered(reply));
  };

  const execute = async (peer: Peer, frame: Arrived): Promise<void> => {
    const { session } = peer;
    const known = session?.byReq.get(frame.req);
    if (known === "running") return;
    if (known !== undefined) return send(peer.socket, redelivered(known));
    if (frame.req !== undefined) session?.byReq.set(frame.req, "running");
    executed.push(frame);
    const reply = replyTo(frame, await respond(frame));
    if (frame.req === undefined) return;
    if (session === undefined) return send(peer.socket, reply);
    session.seq += 1;
    const numbered = { ...reply, seq: session.seq };
    session.mailbox.set(session.seq, numbered);
    session.byReq.set(frame.req, numbered);
    send(session.socket, numbered);
  };

  const handler = (request: Request): Response => {
    // Read first: the upgrade takes the request away.
    const offered = request.headers.get("sec-websocket-protocol") ?? "";
    const { socket, response } = Deno.upgradeWebSocket(request);
    if (offered.split(/, */).includes("rep.v1")) {
      // Given by hand: the runtime's own option forgets a list without blanks.
      response.headers.set("sec-websocket-protocol", "rep.v1");
    }
    connections += 1;
    const peer: Peer = {
      socket,
      isKnown: token === "",
      isExtended: false,
      session: undefined,
    };
    peers.add(peer);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (data === "PING") return socket.send("PONG");
      void onFrame(peer, arrivedOf(data));
    };
    socket.onclose = () => {
      peers.delete(peer);
      if (peer.session?.socket === socket) peer.session.socket = undefined;
    };
    return response;
  };

  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: () => {},
  }, handler);
  const closeAll = (code: number, reason: string) => {
    for (const { socket } of peers) socket.close(code, reason);
  };
  return {
    url: `ws://127.0.0.1:${server.addr.port}/rep`,
    executed,
    get connections() {
      return connections;
    },
    restart() {
      sessions.clear();
      epoch += 1;
      closeAll(1012, "restart");
    },
    async [Symbol.asyncDispose]() {
      closeAll(1001, "end of the test");
      await server.shutdown();
    },
  };
}

function newSession(): Session {
  return { seq: 0, socket: undefined, mailbox: new Map(), byReq: new Map() };
}

function acknowledge(session: Session | undefined, seq: number): void {
  for (const kept of session?.mailbox.keys() ?? []) {
    if (kept <= seq) session?.mailbox.delete(kept);
  }
}

function redelivered(reply: Record<string, unknown>): Record<string, unknown> {
  return { ...reply, meta: { redelivered: true, method: "ACTION", at: 1 } };
}

function replyTo(frame: Frame, answer: Answer): Record<string, unknown> {
  const { status } = answer;
  const body = status >= 200 && status <= SUCCESS_MAX
    ? { data: answer.data ?? null }
    : { error: answer.error ?? null };
  return {
    target: frame.target,
    method: "REPLY",
    data: { status, ...body },
    req: frame.req,
  };
}

function send(
  socket: WebSocket | undefined,
  frame: Record<string, unknown>,
): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

/** Reads a text frame, or a binary one with its files (rule E5). */
function arrivedOf(data: string | ArrayBuffer): Arrived {
  if (typeof data === "string") {
    const frame: Frame = JSON.parse(data);
    const files = frame.files ?? [];
    const fileBytes = files.map(({ base64 }) => atob(String(base64)).length);
    return { ...frame, fileBytes };
  }
  const length = new DataView(data).getUint32(0);
  const text = new TextDecoder().decode(data.slice(4, 4 + length));
  const frame: Frame = JSON.parse(text);
  const fileBytes = (frame.files ?? []).map(({ size }) => Number(size));
  const total = fileBytes.reduce((sum, size) => sum + size, 4 + length);
  if (total !== data.byteLength) throw new Error("Sizes do not add up");
  return { ...frame, fileBytes };
}
