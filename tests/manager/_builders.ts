import { BASE_URL, createRestManager, type RestManager } from "../../deps.ts";
import { joinQueue, type ManagerDeps } from "../../rest/manager/join_queue.ts";
import { type Identity, NOBODY } from "../../rest/domain/identity.ts";
import type { Submitter } from "../../rest/domain/ports.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { parseTarget } from "../../rest/routes/parse_target.ts";
import { routeOf } from "../../rest/routes/route_of.ts";

/** A token in Discord's shape; its first part is the application's id. */
export const TOKEN = `${btoa("123456789012345678")}.Gabcde.not-a-real-token`;

export const BOT: Identity = {
  id: "bot:123456789012345678",
  kind: "bot",
  authorization: new Secret(`Bot ${TOKEN}`),
  isOwn: true,
};

export function managerOf(
  submitter: Submitter,
  { baseUrl = BASE_URL, ...change }: Partial<ManagerDeps> & {
    readonly baseUrl?: string;
  } = {},
): RestManager {
  const manager = createRestManager({ token: TOKEN });
  manager.baseUrl = baseUrl;
  joinQueue(manager, {
    submitter,
    apiVersion: 10,
    parseTarget,
    routeOf: (method, path) => routeOf(method, path, 0),
    identityOf: (authorization, { takesBotToken }) => {
      if (authorization === undefined) return takesBotToken ? BOT : NOBODY;
      const kind = authorization.split(" ")[0]?.toLowerCase();
      if (kind !== "bearer" && kind !== "basic") {
        throw new Refusal("bad_request", "Cannot read Authorization");
      }
      const secret = new Secret(authorization);
      return { id: `${kind}:x`, kind, authorization: secret, isOwn: false };
    },
    ...change,
  });
  return manager;
}

/** What discordeno hangs on its errors. */
export async function causeOf(
  call: Promise<unknown>,
): Promise<{ ok: boolean; status: number; body?: string; error?: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) {
      return error.cause as Awaited<ReturnType<typeof causeOf>>;
    }
    throw error;
  }
  throw new Error("The call succeeded where it had to fail");
}
