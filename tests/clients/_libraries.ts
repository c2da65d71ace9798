/** A library under trial. */
export interface Library {
  /** As its users call it. */
  readonly name: string;
  /** Its folder below `node_modules`. */
  readonly package: string;
  /** `programs/<program>.mjs`. */
  readonly program: string;
  /** It cuts its own waiting short; how long it waits can be chosen. */
  readonly hasTimeout?: boolean;
  /** It cannot be pointed at plain HTTP: its proxies have a certificate. */
  readonly isTlsOnly?: boolean;
}

export const LIBRARIES: readonly Library[] = [
  {
    name: "@discordeno/rest",
    package: "discordeno-rest-21",
    program: "discordeno_21",
  },
  {
    name: "@discordeno/rest",
    package: "discordeno-rest-19",
    program: "discordeno_19",
  },
  { name: "discordeno", package: "discordeno-18", program: "discordeno_18" },
  {
    name: "@discordjs/rest",
    package: "@discordjs/rest",
    program: "discordjs_rest",
    hasTimeout: true,
  },
  {
    name: "discord.js",
    package: "discord.js",
    program: "discordjs",
    hasTimeout: true,
  },
  {
    name: "oceanic.js",
    package: "oceanic.js",
    program: "oceanic",
    hasTimeout: true,
  },
  {
    name: "eris",
    package: "eris",
    program: "eris",
    hasTimeout: true,
    isTlsOnly: true,
  },
  { name: "snowtransfer", package: "snowtransfer", program: "snowtransfer" },
  { name: "seyfert", package: "seyfert", program: "seyfert" },
  {
    name: "@buape/carbon",
    package: "@buape/carbon",
    program: "carbon",
    hasTimeout: true,
  },
  {
    name: "slash-create",
    package: "slash-create",
    program: "slash_create",
    hasTimeout: true,
  },
  {
    name: "detritus-client-rest",
    package: "detritus-client-rest",
    program: "detritus",
  },
  {
    name: "@discord-interactions/request",
    package: "@discord-interactions/request",
    program: "interactions_request",
    hasTimeout: true,
  },
];
