import { membersOf } from "../api/errors.ts";
import type { Emitter } from "../api/events.ts";
import type { Source } from "../api/options.ts";
import type {
  Closed,
  Limits,
  MissedReply,
  Notice,
  ReadyInfo,
  Req,
} from "../api/replies.ts";
import { Dispatcher } from "../requests/dispatcher.ts";
import { rawOf } from "../requests/exchange.ts";
import { notSentFailure } from "../requests/failures.ts";
import { DEFAULT_LIMITS } from "../wire/auth.ts";
import type { Connection } from "../wire/connection.ts";
import type { Reply } from "../wire/decode_frame.ts";
import { controlFrame, SESSION_END } from "../wire/encode_frame.ts";
import { Reconnector } from "../wire/reconnector.ts";
import { connectOptionsOf } from "./connect_options.ts";
import { MissedReplies } from "./missed_replies.ts";
import { Readiness } from "./readiness.ts";
import { Redelivery, Session } from "./session.ts";
import type { Settings } from "./settings.ts";

/** The time in which a draining proxy closes the connection, unless it names another. */
const DRAIN_WITHIN_MS = 25_000;

/** Added to that time, because two clocks measure it. */
const DRAIN_GRACE_MS = 5_000;

/** The code and reason of `close()`. */
export const CLOSED_HERE: Closed = { code: 1000, reason: "by this client" };

/**
 * Connects the parts of a client: connection, session and requests. It resumes
 * the session, tells replies from missed replies, and acknowledges both.
 *
 * The order on a new connection: authenticate, take in redelivered replies,
 * decide about the requests that were sent before, send those that wait.
 */
export class Coordinator {
  readonly dispatcher: Dispatcher;
  readonly missed: MissedReplies;
  readonly reconnector: Reconnector;
  readonly readiness = new Readiness();
  readonly #settings: Settings;
  readonly #emitter: Emitter;
  readonly #session: Session;
  #redelivery: Redelivery | undefined;
  #limits: Limits = DEFAULT_LIMITS;
  #endedBy: Closed | undefined;

  constructor(url: Source<string>, settings: Settings, emitter: Emitter) {
    const { clock, random } = settings;
    this.#settings = settings;
    this.#emitter = emitter;
    this.missed = new MissedReplies(emitter, clock);
    this.#session = new Session(
      settings.session,
      clock,
      (seq) => this.#sendControl(controlFrame("ack", { seq })),
    );
    this.dispatcher = new Dispatcher({
      clock,
      random,
      repeatUnknown: settings.repeatUnknown,
      refusalRetries: settings.refusalRetries,
      takeAck: () => this.#session.acker.take(),
      backpressure: (isOn) => emitter.emit("backpressure", isOn),
      draining: () => this.#onDraining(undefined),
    });
    this.reconnector = new Reconnector({
      clock,
      random,
      parse: (text) => settings.json.parse(text),
      openSocket: settings.openSocket,
      connectOptions: () => connectOptionsOf(url, settings, this.#session),
      retryWaitMs: settings.retryWaitMs,
      shouldRetry: settings.shouldRetry,
    }, {
      connecting: (attempt) => emitter.emit("connecting", attempt),
      opened: () => emitter.emit("open"),
      ready: (info, connection) => this.#onReady(info, connection),
      reply: (reply) => this.#onReply(reply),
      notice: (notice) => this.#onNotice(notice),
      roundTrip: (rttMs) => emitter.emit("ping", rttMs),
      lost: (closed, willReconnect) => this.#onLost(closed, willReconnect),
      reconnecting: (delayMs, cause) =>
        emitter.emit("reconnecting", delayMs, cause),
      failed: (error) => emitter.emit("error", error),
    });
  }

  /** Why there will be no further connection; undefined while there may be one. */
  get endedBy(): Closed | undefined {
    return this.#endedBy;
  }

  get limits(): Limits {
    return this.#limits;
  }

  /** Highest seq up to which every reply has been handled. */
  get lastSeq(): number {
    return this.#session.acker.handledUpTo;
  }

  /** Asks the proxy to cancel a request it has not sent yet (rule D1). The reply to the request is ignored. */
  cancel(req: Req): void {
    if (!this.#settings.isExtended) return;
    this.#sendControl(controlFrame("cancel", { req }));
  }

  /** Acknowledges a last time, fails every request, and closes the connection. */
  async close(): Promise<void> {
    this.#session.acker.flush();
    const hasUnanswered = this.dispatcher.pending > 0;
    this.#end(CLOSED_HERE);
    const hasSession = this.#session.name !== undefined;
    if (hasSession && this.#settings.isSessionGenerated && !hasUnanswered) {
      this.#sendControl(SESSION_END);
    }
    await this.reconnector.close();
  }

  #sendControl(frame: string): boolean {
    return this.reconnector.connection?.send(frame) ?? false;
  }

  #onReady(info: ReadyInfo, connection: Connection): void {
    this.#limits = info.limits;
    const isRemembered = this.#session.authenticated(info);
    const begin = () => {
      this.#redelivery = undefined;
      if (!isRemembered) this.dispatcher.forget();
      this.dispatcher.attach(connection, info.limits);
    };
    const { clock } = this.#settings;
    if (info.redeliver === 0) begin();
    else this.#redelivery = new Redelivery(clock, info.redeliver, begin);
    // Emitted last: a listener may close the client.
    this.readiness.ready(info);
    this.#emitter.emit("ready", info);
  }

  #onLost(closed: Closed, willReconnect: boolean): void {
    this.#redelivery?.stop();
    this.#redelivery = undefined;
    this.dispatcher.detach(closed);
    // Without a session no later connection will remember the requests.
    if (this.#session.name === undefined) this.dispatcher.forget();
    if (willReconnect) this.readiness.renew();
    else this.#end(closed);
    this.#emitter.emit("close", closed.code, closed.reason, willReconnect);
  }

  #end(closed: Closed): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = closed;
    this.dispatcher.end(closed);
    this.missed.stop();
    this.#session.stop();
    this.readiness.fail(notSentFailure(closed));
  }

  #onNotice(notice: Notice): void {
    if (notice.type === "draining") this.#onDraining(notice["deadlineMs"]);
    this.#emitter.emit("notice", notice);
  }

  #onDraining(deadlineMs: unknown): void {
    this.dispatcher.pause();
    const withinMs = typeof deadlineMs === "number"
      ? deadlineMs
      : DRAIN_WITHIN_MS;
    this.reconnector.endWithin(withinMs + DRAIN_GRACE_MS);
  }

  /** First settles, then marks as handled, then acknowledges: no reply is acknowledged before the caller has it. */
  #onReply(reply: Reply): void {
    const { acker } = this.#session;
    const { seq } = reply;
    const isNew = seq !== undefined && acker.received(seq);
    const isOurs = this.dispatcher.settle(reply);
    if (isNew && isOurs) acker.handled(seq);
    if (isNew && !isOurs) this.#onMissed(reply, () => acker.handled(seq));
    if (seq === undefined && !isOurs) this.#onUnmatched(reply);
    this.#redelivery?.received(reply);
  }

  #onMissed(reply: Reply, handled: () => void): void {
    const { req, target, meta } = reply;
    if (typeof req !== "string" && typeof req !== "number") return handled();
    const method = meta["method"];
    const at = meta["at"];
    const missed: MissedReply = {
      ...rawOf(reply),
      req,
      target,
      method: typeof method === "string" ? method : undefined,
      answeredAtMs: typeof at === "number" ? at : undefined,
      isTruncated: meta["truncated"] === true,
    };
    this.missed.add(missed, handled);
  }

  /** A reply without a `req` belongs to no request: the server could not read a frame (rule C9). */
  #onUnmatched(reply: Reply): void {
    if (reply.req !== undefined) return;
    const { message = reply.body } = membersOf(reply.body);
    this.#emitter.emit(
      "error",
      new Error(
        `The server could not read a frame: ${reply.status} ${message}`,
      ),
    );
  }
}
