const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Every bound of a conversation; what is counted here may be lowered in tests. */
export interface RepLimits {
  /** A socket that has not said who it is by then is closed (A6). */
  readonly authDeadlineMs: number;
  /** An authentication frame is far below this; nobody unknown may make us read more (A5). */
  readonly unauthenticatedFrameBytes: number;
  /** Frames that are neither PING nor authentication, before the socket is closed (A5). */
  readonly unauthenticatedFrames: number;
  /** Sockets that have not said who they are; a newer one pushes the oldest out (1013). */
  readonly unauthenticated: number;
  /** Deno itself ends a socket above 64 MiB without a code, so ours must be lower (C11). */
  readonly maxPayloadBytes: number;
  /** `req` is a name; half a KiB holds any (C32). */
  readonly reqBytes: number;
  /** Requests without an answer, per session or connection (F2). */
  readonly maxInFlight: number;
  /** Of one key, with one token beside it. */
  readonly sessionsPerKey: number;
  /** Of all: a key can be shown with any number of tokens. */
  readonly sessions: number;
  /** Replies kept for one session until they are acknowledged (B9). */
  readonly mailboxReplies: number;
  readonly mailboxBytes: number;
  /** Bytes of kept replies over all sessions. */
  readonly mailboxTotalBytes: number;
  /** How long a session outlives its connection unless the client says otherwise (B1). */
  readonly expiryMs: number;
  readonly expiryMaxMs: number;
  /** How long an answered `req` is remembered after its acknowledgement (I5). */
  readonly rememberAckedMs: number;
  readonly malformedFrames: number;
  readonly malformedWindowMs: number;
  /** This many times `maxInFlight` refused within the window is a flood (4429). */
  readonly floodFactor: number;
  readonly floodWindowMs: number;
  /** Above `high` session replies wait, below `low` they go on (F3). */
  readonly outboundHighBytes: number;
  readonly outboundLowBytes: number;
  readonly outboundMaxBytes: number;
  /** Buffered bytes of all slow readers together; the slowest goes first. */
  readonly outboundTotalBytes: number;
  readonly outboundStalledMs: number;
  /** How often a slow reader is looked at. */
  readonly outboundPollMs: number;
  /** What the client is told to send PING after (H2). */
  readonly pingIntervalMs: number;
}

/** The bounds that PROTOCOL.md tells clients of. */
export const DEFAULT_LIMITS: RepLimits = {
  authDeadlineMs: 10_000,
  unauthenticatedFrameBytes: 16 * KIB,
  unauthenticatedFrames: 10,
  // 10,000 sockets may dial at once; each costs some 20 KiB until its deadline.
  unauthenticated: 4_096,
  maxPayloadBytes: 32 * MIB,
  reqBytes: 512,
  maxInFlight: 5_000,
  sessionsPerKey: 1_000,
  sessions: 20_000,
  mailboxReplies: 10_000,
  mailboxBytes: 64 * MIB,
  mailboxTotalBytes: 512 * MIB,
  expiryMs: 300_000,
  expiryMaxMs: 86_400_000,
  rememberAckedMs: 60_000,
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
