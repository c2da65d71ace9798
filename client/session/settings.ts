import { randomName } from "../wire/runtime.ts";
import { type Clock, systemClock } from "../api/clock.ts";
import { platformSocketFactory, type SocketFactory } from "../api/socket.ts";
import type { ClientOptions, JsonCodec, RepeatUnknown } from "../api/types.ts";

/** The profile's default: long enough for a redeployment, short enough to be forgotten. */
const EXPIRY_MS = 300_000;

/** What the proxy itself lets one session have waiting (its mailbox). */
const HIGH_WATER_MARK = 10_000;

/** The proxy's mailbox again, in bytes. */
const HIGH_WATER_MARK_BYTES = 64 * 1024 * 1024;

/** The proxy waits up to 240 s for a limit, then for Discord; after this its answer is not coming. */
const ANSWER_WITHIN_MS = 300_000;

/** A request that left at the last moment still needs Discord's time to answer. */
export const ANSWER_GRACE_MS = 30_000;

/** With the waits the proxy asks for, five offers cover a burst; more would hide a standing problem. */
const REFUSAL_RETRIES = 5;

/** The options with every default filled in. */
export interface Settings extends
  Pick<
    ClientOptions,
    | "token"
    | "authorization"
    | "clientName"
    | "retryWaitMs"
    | "shouldRetry"
    | "timeoutMs"
  > {
  readonly isExtended: boolean;
  readonly session: string | undefined;
  /** True when the name was made up here: then nobody else can resume the session. */
  readonly isSessionOurs: boolean;
  readonly authBy: "message" | "subprotocol" | "header";
  readonly expiryMs: number;
  readonly isLazy: boolean;
  readonly openSocket: SocketFactory;
  readonly repeatUnknown: RepeatUnknown;
  readonly highWaterMark: number;
  readonly highWaterMarkBytes: number;
  readonly answerWithinMs: number;
  readonly refusalRetries: number;
  readonly json: JsonCodec;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Fills in the defaults. */
export function settingsOf(options: ClientOptions): Settings {
  const isExtended = options.ext ?? true;
  if (!isExtended && typeof options.session === "string") {
    throw new TypeError(
      "Cannot keep a session with `ext: false`: sessions are an extension",
    );
  }
  return {
    ...options,
    isExtended,
    session: sessionNameOf(options, isExtended),
    isSessionOurs: typeof options.session !== "string",
    authBy: options.authBy ?? "message",
    expiryMs: options.expiryMs ?? EXPIRY_MS,
    isLazy: options.lazy ?? false,
    openSocket: options.webSocket ?? platformSocketFactory(),
    repeatUnknown: options.repeatUnknown ?? "never",
    highWaterMark: options.highWaterMark ?? HIGH_WATER_MARK,
    highWaterMarkBytes: options.highWaterMarkBytes ?? HIGH_WATER_MARK_BYTES,
    answerWithinMs: options.answerWithinMs ?? ANSWER_WITHIN_MS,
    refusalRetries: options.refusalRetries ?? REFUSAL_RETRIES,
    json: options.json ?? JSON,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function sessionNameOf(
  options: ClientOptions,
  isExtended: boolean,
): string | undefined {
  if (!isExtended || options.session === false) return undefined;
  return options.session ?? `auto-${randomName()}`;
}
