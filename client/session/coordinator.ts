import type { Connection } from "../wire/connection.ts";
import { dialOf } from "./connect_options.ts";
import { membersOf } from "../api/errors.ts";
import type { Emitter } from "../api/events.ts";
import { rawOf } from "../requests/exchange.ts";
import { notSentFailure } from "../requests/failures.ts";
import { controlFrame, SESSION_END } from "../wire/encode_frame.ts";
import { DEFAULT_LIMITS } from "../wire/auth.ts";
import type { Reply } from "../wire/decode_frame.ts";
import { Link } from "../wire/reconnector.ts";
import { MissedReplies } from "./missed_replies.ts";
import { Readiness } from "./readiness.ts";
import { Redelivery } from "./redelivery.ts";
import { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import { Traffic } from "../requests/dispatcher.ts";
import type {
  Closed,
  Limits,
  MissedReply,
  Notice,
  ReadyInfo,
  Req,
  Source,
} from "../api/types.ts";

/** A draining proxy closes within 25 s; when it says nothing of it, it gets that long and some more. */
const DRAIN_WITHIN_MS = 25_000;
const DRAIN_GRACE_MS = 5_000;

/** What `close()` ends with. */
export const CLOSED_HERE: Closed = { code: 1000, reason: "by this client" };

/**
 * What happens between the events of the connection and the requests: resuming
 * the session, telling replies from missed replies, acknowledging.
 *
 * The order on a new connection: greet, be welcomed, take the kept replies,
 * decide about requests that had left, send what waits.
 */
export class Conversation {
  readonly traffic: Traffic;
  readonly missed: MissedReplies;
  readonly link: Link;
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
    this.traffic = new Traffic({
      clock,
      random,
      repeatUnknown: settings.repeatUnknown,
      refusalRetries: settings.refusalRetries,
      takeAck: () => this.#session.acker.take(),
      backpressure: (isOn) => emitter.emit("backpressure", isOn),
      draining: () => this.#onDraining(undefined),
    });
    this.link = new Link({
      clock,
      random,
      parse: (text) => settings.json.parse(text),
      openSocket: settings.openSocket,
      dial: () => dialOf(url, settings, this.#session),
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

  /** Highest seq up to which everything has been handled. */
  get lastSeq(): number {
    return this.#session.acker.floor;
  }

  /** Asks the proxy to take a request back if it has not left (rule D1); its 499 is swallowed. */
  cancel(req: Req): void {
    if (!this.#settings.isExtended) return;
    this.#sendControl(controlFrame("cancel", { req }));
  }

  /** The last ack, then the end of everything. */
  async close(): Promise<void> {
    this.#session.acker.flush();
    const hasLeftovers = this.traffic.pending > 0;
    this.#end(CLOSED_HERE);
    const hasSession = this.#session.name !== undefined;
    if (hasSession && this.#settings.isSessionOurs && !hasLeftovers) {
      this.#sendControl(SESSION_END);
    }
    await this.link.close();
  }

  #sendControl(frame: string): boolean {
    return this.link.connection?.send(frame) ?? false;
  }

  #onReady(info: ReadyInfo, connection: Connection): void {
    this.#limits = info.limits;
    const isRemembered = this.#session.welcomed(info) === "same";
    const begin = () => {
      this.#redelivery = undefined;
      if (!isRemembered) this.traffic.forget();
      this.traffic.attach(connection, info.limits);
    };
    const { clock } = this.#settings;
    if (info.redeliver === 0) begin();
    else this.#redelivery = new Redelivery(clock, info.redeliver, begin);
    // Told last: a listener may close the client.
    this.readiness.ready(info);
    this.#emitter.emit("ready", info);
  }

  #onLost(closed: Closed, willReconnect: boolean): void {
    this.#redelivery?.stop();
    this.#redelivery = undefined;
    this.traffic.detach(closed);
    // Without a session no later connection will know of them either.
    if (this.#session.name === undefined) this.traffic.forget();
    if (willReconnect) this.readiness.renew();
    else this.#end(closed);
    this.#emitter.emit("close", closed.code, closed.reason, willReconnect);
  }

  #end(closed: Closed): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = closed;
    this.traffic.end(closed);
    this.missed.stop();
    this.#session.stop();
    this.readiness.fail(notSentFailure(closed));
  }

  #onNotice(notice: Notice): void {
    if (notice.type === "draining") this.#onDraining(notice["deadlineMs"]);
    this.#emitter.emit("notice", notice);
  }

  #onDraining(deadlineMs: unknown): void {
    this.traffic.pause();
    const withinMs = typeof deadlineMs === "number"
      ? deadlineMs
      : DRAIN_WITHIN_MS;
    this.link.endWithin(withinMs + DRAIN_GRACE_MS);
  }

  /** Settle, then mark as handled, then acknowledge: a reply is never acked before somebody has it. */
  #onReply(reply: Reply): void {
    const { acker } = this.#session;
    const { seq } = reply;
    const isNew = seq !== undefined && acker.receive(seq);
    const isOurs = this.traffic.settle(reply);
    if (isNew && isOurs) acker.done(seq);
    if (isNew && !isOurs) this.#onMissed(reply, () => acker.done(seq));
    if (seq === undefined && !isOurs) this.#onStray(reply);
    this.#redelivery?.saw(reply);
  }

  #onMissed(reply: Reply, done: () => void): void {
    const { req, target, meta } = reply;
    if (typeof req !== "string" && typeof req !== "number") return done();
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
    this.missed.add(missed, done);
  }

  /** A reply to nothing: the server could not read a frame of ours (rule C9). */
  #onStray(reply: Reply): void {
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
