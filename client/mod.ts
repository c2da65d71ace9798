/**
 * A client of the REST Exchange Protocol (REP) for Deno, Node 20 and later, and
 * browsers, without dependencies.
 *
 * @module
 */
export {
  type LimitCode,
  RepClosedError,
  RepError,
  type RepErrorInit,
  RepFailure,
  RepLimitError,
  type Sent,
} from "./api/errors.ts";
export {
  type ClientEvents,
  type EventName,
  type Listener,
} from "./api/events.ts";
export {
  type ClientOptions,
  type CloseOptions,
  type FileInput,
  type Method,
  type NotifyOptions,
  type RepeatUnknown,
  type RequestOptions,
  type Source,
  type Verb,
} from "./api/options.ts";
export {
  type AbortSignalLike,
  type Clock,
  type JsonCodec,
  type Socket,
  type SocketEvent,
  type SocketFactory,
  type SocketRequest,
} from "./api/ports.ts";
export {
  type Closed,
  type Limits,
  type MissedReply,
  type Notice,
  type RawReply,
  type ReadyInfo,
  type Req,
} from "./api/replies.ts";
export { type Call, RepClient } from "./rep_client.ts";
export {
  CLOSE_RULES,
  type CloseRule,
  type ReconnectWait,
} from "./wire/close_codes.ts";
export { type ClientState } from "./wire/reconnector.ts";
