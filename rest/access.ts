import { createRestManager, type RestManager } from "../deps.ts";
import { MAIN_BOT, readBots } from "./config/read_bots.ts";
import type { Settings } from "./config/settings.ts";
import {
  type Access,
  ALL_RIGHTS,
  type BotEntry,
  type KeyEntry,
} from "./domain/access.ts";
import { applicationIdOf, NO_APPLICATION_ID } from "./domain/application_id.ts";
import type { Identity } from "./domain/identity.ts";
import type { AddressPort } from "./domain/kept_address.ts";
import type { Clock } from "./domain/ports.ts";
import { Secret } from "./domain/secret.ts";
import { AddressMarks } from "./listener/access/address_marks.ts";
import {
  type Authorizer,
  createAuthorizer,
} from "./listener/access/authorize.ts";
import { type BotRing, createBotRing } from "./listener/access/bot_ring.ts";
import { hexDigestOf } from "./listener/access/digest.ts";
import { createKeyRing, type KeyRing } from "./listener/access/key_ring.ts";
import { KnownAddresses } from "./listener/access/known_addresses.ts";
import { renewManager } from "./manager/join_queue.ts";

/** What access is put together with. */
export interface AccessParts {
  readonly access?: Access;
  readonly manager?: RestManager;
  readonly clock: Clock;
}

/** Who may come in, and for which bots: the manager's is the first. Both can be replaced while it is used. */
export interface OpenAccess {
  readonly manager: RestManager;
  readonly bots: BotRing;
  readonly keys: KeyRing;
  readonly authorizer: Authorizer;
  /** What may be kept beyond the process, or shared with other proxies; undefined: addresses open nothing. */
  readonly addresses: AddressPort | undefined;
  /** Replaces all keys; that of `REST_AUTHORIZATION` is `authorization` from now on. */
  replaceKeys(keys: readonly KeyEntry[], authorization: Secret): void;
  /**
   * Replaces all bots, the manager's among them. `renew` is called for each
   * that has a new token; returns the sum of what it returns.
   */
  replaceBots(
    bots: readonly BotEntry[],
    renew: (identity: Identity) => number,
  ): number;
}

/** The name of the key of `REST_AUTHORIZATION` in logs. */
const DEFAULT_KEY_NAME = "default";

/** Puts access together. */
export function openAccess(settings: Settings, parts: AccessParts): OpenAccess {
  const access = parts.access ??
    { keys: [], bots: readBots(settings.discordToken, undefined, []) };
  const manager = parts.manager ?? createManager(settings, access);
  const bots = createBotRing(botsOf(manager, access));
  const keys = createKeyRing(
    allKeys(access.keys, settings.authorization),
  );
  const { clock } = parts;
  const { openTokenRoutes, peerKey, journalKey } = settings;
  const secret = peerKey ?? journalKey;
  const marks = new AddressMarks({ keys, bots, secret });
  const known = new KnownAddresses({ clock, marks });
  return {
    manager,
    bots,
    keys,
    authorizer: createAuthorizer({ keys, bots, known, openTokenRoutes }),
    addresses: openTokenRoutes === "known" ? known : undefined,
    replaceKeys: (entries, authorization) =>
      keys.replace(allKeys(entries, authorization)),
    replaceBots(entries, renew) {
      const renewed = bots.replace(entries);
      renewManager(manager, entries[0]?.token.reveal() ?? "");
      return renewed.map(renew).reduce((sum, count) => sum + count, 0);
    },
  };
}

/** The key of `REST_AUTHORIZATION`, and the others. */
function allKeys(
  entries: readonly KeyEntry[],
  authorization: Secret,
): readonly KeyEntry[] {
  const sha256 = hexDigestOf(authorization.reveal());
  return [{ name: DEFAULT_KEY_NAME, sha256, rights: ALL_RIGHTS }, ...entries];
}

/** The manager of the first bot there is. */
function createManager(settings: Settings, { bots }: Access): RestManager {
  const token = bots[0]?.token.reveal() ?? "";
  const applicationId = applicationIdOf(token) ?? NO_APPLICATION_ID;
  const manager = createRestManager({ token, applicationId });
  // Given as an option it would make discordeno call `fetch` by itself.
  manager.baseUrl = settings.upstream;
  return manager;
}

/** The bots there are, that of the manager first. */
function botsOf({ token }: RestManager, { bots }: Access): readonly BotEntry[] {
  const [first] = bots;
  if (token === "" || first?.token.reveal() === token) return bots;
  if (first === undefined) {
    return [{ name: MAIN_BOT, token: new Secret(token) }];
  }
  throw new Error(
    "Cannot use the manager: its token is not that of the first bot in the settings",
  );
}
