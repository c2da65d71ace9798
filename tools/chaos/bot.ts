/**
 * One life of one bot, as a process: sends its numbered messages in order over
 * a session of REP, and may be killed at any moment. All it knows about its
 * earlier lives is the log of the replies they saw. It sends every message
 * without a reply again with the same `req`, so that the proxy recognises it.
 */
import { type RawReply, RepClient, type Socket } from "../../client/mod.ts";
import { type NotedFrame, type NotedReply, ReplyLog } from "./reply_log.ts";

/** How a bot sends: over a session of REP; or over HTTP, under keys, waiting for each answer or fetching it later. */
export type BotKind = "rep" | "key" | "async";

/** Told in one JSON argument. */
export interface BotPlan {
  /** Of REP's endpoint, or of the proxy. */
  readonly url: string;
  readonly kind: BotKind;
  readonly key: string;
  /** Session, and the first word of every message. */
  readonly name: string;
  readonly channelId: string;
  readonly messages: number;
  /** Most messages it has sent and not got a reply to. */
  readonly window: number;
  readonly logPath: string;
  /** True: uses a new `req` for each message in every life, which no bot may do, to show what then happens. */
  readonly isForgetful?: boolean;
}

/** Sockets are cut every few seconds: the usual back-off would grow to its longest. */
const RETRY_MS_MAX = 200;

/** PROTOCOL, B8. */
const TAKEN_OVER = 4409;

if (import.meta.main) await live(JSON.parse(Deno.args[0] ?? "{}"));

async function live(plan: BotPlan): Promise<void> {
  using log = ReplyLog.open(plan.logPath);
  await using client = new RepClient(plan.url, {
    token: plan.key,
    session: plan.name,
    retryWaitMs: () => Math.random() * RETRY_MS_MAX,
    webSocket: (url, { protocols }) =>
      watched(new WebSocket(url, protocols), log),
    // Nobody else lives under this name: it was an earlier life's connection,
    // which the network had kept back.
    shouldRetry: ({ code }) => code === TAKEN_OVER ? true : undefined,
  });
  client.on(
    "missed",
    (reply) => {
      const noted = notedOf(numberOf(reply.req), reply);
      // What an earlier life was refused unsent is nobody's yet: it goes out again.
      if (!isRefusedUnsent(reply)) log.note({ ...noted, wasMissed: true });
    },
  );
  // The replies to earlier lives are on their way: sending their requests again would be useless.
  await client.ready;
  const life = plan.isForgetful === true ? Deno.pid : 0;
  const out = new Set<Promise<void>>();
  for (let number = 1; number <= plan.messages; number++) {
    while (out.size >= plan.window) await Promise.race(out);
    if (log.has(number)) continue;
    const sent = send(client, plan, number, life)
      .then((reply) => log.note(notedOf(number, reply)))
      .finally(() => out.delete(sent));
    out.add(sent);
  }
  await Promise.all(out);
}

/** Has the log know what goes out, and what the client is refused and sends again by itself. */
function watched(socket: WebSocket, log: ReplyLog): Socket {
  const send = socket.send.bind(socket);
  socket.send = (data) => {
    send(data);
    if (typeof data === "string") noteFrame(log, "sent", data);
  };
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") noteFrame(log, "refused", data);
  });
  return socket;
}

function noteFrame(
  log: ReplyLog,
  frame: NotedFrame["frame"],
  text: string,
): void {
  if (!text.startsWith("{")) return;
  const { req, method, seq, data } = JSON.parse(text);
  const number = numberOf(req);
  if (!Number.isInteger(number)) return;
  // A reply with a number is to a request that was accepted (PROTOCOL, B3).
  const isMeant = frame === "sent"
    ? method === "ACTION"
    : method === "REPLY" && seq === undefined && data?.error?.sent === false;
  if (isMeant) log.noteFrame({ frame, number });
}

function send(
  client: RepClient,
  { name, channelId }: BotPlan,
  number: number,
  life: number,
): Promise<RawReply> {
  return client.action(`/channels/${channelId}/messages`, {
    data: { content: `${name} ${number}` },
    req: `${life}-${number}`,
    raw: true,
  });
}

function notedOf(
  number: number,
  { status, data, error }: RawReply,
): NotedReply {
  const id = (data as { id?: unknown } | null | undefined)?.id;
  const { code, message } = Object(error);
  return {
    number,
    status,
    id: typeof id === "string" ? id : null,
    wasMissed: false,
    code: typeof code === "string" ? code : null,
    ...typeof message === "string" && { said: message },
  };
}

function isRefusedUnsent(
  { status, error }: Pick<RawReply, "status" | "error">,
): boolean {
  return (status === 429 || status === 503) && Object(error).sent === false;
}

/** The number is the same in every life; what stands before it is, too (I7). */
function numberOf(req: unknown): number {
  return Number(String(req).split("-")[1]);
}
