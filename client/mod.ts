/**
 * A client of the REST Exchange Protocol for Deno, Node 20 and later, and
 * browsers, without dependencies.
 */
export { CLOSE_RULES, type CloseRule } from "./wire/close_codes.ts";
export { type Clock } from "./api/clock.ts";
export {
  type LimitCode,
  RepClosedError,
  RepError,
  RepFailure,
  RepLimitError,
  type Sent,
} from "./api/errors.ts";
export {
  type ClientEvents,
  type EventName,
  type Listener,
} from "./api/events.ts";
export { type ClientState } from "./wire/reconnector.ts";
export { type Call, type CloseOptions, RepClient } from "./rep_client.ts";
export {
  type Socket,
  type SocketEvent,
  type SocketFactory,
  type SocketRequest,
} from "./api/socket.ts";
export {
  type AbortSignalLike,
  type ClientOptions,
  type Closed,
  type FileInput,
  type JsonCodec,
  type Limits,
  type Method,
  type MissedReply,
  type Notice,
  type NotifyOptions,
  type RawReply,
  type ReadyInfo,
  type RepeatUnknown,
  type Req,
  type RequestOptions,
  type Source,
  type Verb,
} from "./api/types.ts";
