import type { Settings } from "./settings.ts";

/** Settings that are decided together. */
export interface SettingGroup {
  readonly title: string;
  readonly members: ReadonlyArray<keyof Settings>;
}

/** How the documents and `.env.example` order the settings. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  {
    title: "Tokens and keys",
    members: [
      "discordToken",
      "discordTokenFile",
      "tokensFile",
      "authorization",
      "authorizationFile",
      "keysFile",
      "rulesFile",
    ],
  },
  {
    title: "Where it listens",
    members: [
      "port",
      "host",
      "tlsCertFile",
      "tlsKeyFile",
      "socket",
      "metricsPort",
    ],
  },
  {
    title: "Who may call",
    members: [
      "origins",
      "trustedProxies",
      "isKeyInPathAllowed",
      "openTokenRoutes",
      "isRepHeaderRequired",
      "repHeaders",
    ],
  },
  {
    title: "What callers may take",
    members: [
      "connectionLimit",
      "addressConnectionLimit",
      "headTimeoutMs",
      "idleTimeoutMs",
      "bodyTimeoutMs",
      "bodyLimitMib",
      "heldLimitMib",
      "keptLimitMib",
    ],
  },
  {
    title: "The way to Discord",
    members: [
      "upstream",
      "apiVersion",
      "upstreamConnections",
      "upstreamTimeoutMs",
      "outboundProxy",
      "outboundAddress",
    ],
  },
  {
    title: "Limits and the queue",
    members: [
      "globalLimit",
      "globalLimits",
      "invalidLimit",
      "maxWaitMs",
      "queueLimit",
      "lineLimit",
      "drainMs",
    ],
  },
  {
    title: "Second tries",
    members: ["adoptMs", "messageNonce", "isSingleFlight"],
  },
  {
    title: "What outlives the proxy",
    members: [
      "journalFile",
      "journalWrites",
      "journalKey",
      "journalKeyFile",
      "journalSync",
      "journalLimitMib",
      "isJournalReset",
    ],
  },
  {
    title: "Several proxies",
    members: ["redisUrl", "peerUrl", "peerKey", "ownerUrl"],
  },
  {
    title: "What is told",
    members: [
      "areRateLimitHeadersStripped",
      "isServerTimingOn",
      "logLevel",
      "logFormat",
    ],
  },
];
