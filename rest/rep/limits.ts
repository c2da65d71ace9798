import { POLICIES } from "../idempotency/policies.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** All bounds of the protocol. Tests may lower them. */
export interface RepLimits {
  /** A connection that has not authenticated by then is closed (A6). */
  readonly authDeadlineMs: number;
  /** Largest frame before authentication (A5). An authentication request is far smaller. */
  readonly unauthenticatedFrameBytes: number;
  /** Frames before authentication that are served with 401; one more closes the connection (A5). */
  readonly unauthenticatedFrames: number;
  /** Connections that have not authenticated; one more closes the oldest of them (1013). */
  readonly unauthenticatedConnections: number;
  /** The socket closes with 1009 before more is read (C11); what is larger goes over HTTP (E6). Parsed as JSON it takes a tenth of a second at most. */
  readonly maxPayloadBytes: number;
  /** Longest `req`, as JSON text (C32). */
  readonly reqBytes: number;
  /** Requests without an answer, per session or connection (F2). */
  readonly maxInFlight: number;
  /** Sessions of one key together with one Discord token. */
  readonly sessionsPerKey: number;
  /** All sessions: one key can come with any number of tokens. */
  readonly sessions: number;
  /** Unacknowledged replies that are stored for one session (B9). */
  readonly mailboxReplies: number;
  readonly mailboxBytes: number;
  /** How long a session outlives its connection unless the client says otherwise (B1). */
  readonly expiryMs: number;
  readonly expiryMaxMs: number;
  /** How long an answered `req` is remembered after its acknowledgement (I5). */
  readonly rememberAckedMs: number;
  readonly malformedFrames: number;
  readonly malformedWindowMs: number;
  /** If this many times `maxInFlight` requests are refused within the window, the client floods (4429). */
  readonly floodFactor: number;
  readonly floodWindowMs: number;
  /** Above `high` unread bytes a connection is paused, below `low` it is resumed (F3). */
  readonly outboundHighBytes: number;
  readonly outboundLowBytes: number;
  readonly outboundMaxBytes: number;
  /** Unread bytes of all slow readers together; above it the slowest is closed. */
  readonly outboundTotalBytes: number;
  readonly outboundStalledMs: number;
  /** How often slow readers are measured. */
  readonly outboundPollMs: number;
  /** After how long a silence the client is told to send PING (H2). */
  readonly pingIntervalMs: number;
}

/** The bounds that PROTOCOL.md tells clients of. */
export const DEFAULT_LIMITS: RepLimits = {
  authDeadlineMs: 10_000,
  unauthenticatedFrameBytes: 16 * KIB,
  unauthenticatedFrames: 10,
  // 10,000 sockets may dial at once; each costs some 20 KiB until its deadline.
  unauthenticatedConnections: 4_096,
  maxPayloadBytes: 8 * MIB,
  reqBytes: 512,
  maxInFlight: 5_000,
  sessionsPerKey: 1_000,
  sessions: 20_000,
  mailboxReplies: 10_000,
  mailboxBytes: 64 * MIB,
  expiryMs: 300_000,
  expiryMaxMs: 86_400_000,
  rememberAckedMs: POLICIES.req.keptMs,
  malformedFrames: 20,
  malformedWindowMs: 10_000,
  floodFactor: 10,
  floodWindowMs: 10_000,
  outboundHighBytes: 8 * MIB,
  outboundLowBytes: 4 * MIB,
  outboundMaxBytes: 32 * MIB,
  outboundTotalBytes: 256 * MIB,
  outboundStalledMs: 30_000,
  outboundPollMs: 25,
  pingIntervalMs: 20_000,
};
