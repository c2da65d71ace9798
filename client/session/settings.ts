import type { ClientOptions, RepeatUnknown } from "../api/options.ts";
import type { Clock, JsonCodec, SocketFactory } from "../api/ports.ts";
import {
  platformSocketFactory,
  randomName,
  systemClock,
} from "../wire/runtime.ts";

/** The protocol's default: longer than a redeployment takes. */
const EXPIRY_MS = 300_000;

/** As many requests as the proxy's mailbox keeps replies for one session. */
const HIGH_WATER_MARK = 10_000;

/** As many bytes as the proxy's mailbox keeps for one session. */
const HIGH_WATER_MARK_BYTES = 64 * 1024 * 1024;

/** The proxy waits up to 240 s for a limit, then for Discord; later than this no answer comes. */
const ANSWER_WITHIN_MS = 300_000;

/** With the waits that the proxy asks for, five tries outlast a burst; more would hide a lasting problem. */
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
  /** True when the name is a random one: then no other process can resume the session. */
  readonly isSessionGenerated: boolean;
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
    isSessionGenerated: typeof options.session !== "string",
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
