import type { ClusterReading, OwnerRow } from "../rest/metrics/types.ts";
import { bad, busy, type Verdict } from "./tones.ts";
import { counted } from "./words.ts";

/** How things are among several proxies, the worst first; undefined: nothing is wrong with them. */
export function clusterVerdictOf(
  { bots, peers, isStoreAway, door }: ClusterReading,
): Verdict | undefined {
  const wait = door.waiting === 1
    ? "1 request waits here"
    : `${counted(door.waiting, "request")} wait here`;
  const ownerless = bots.filter(({ owner }) => owner === "nobody");
  if (ownerless.length > 0) {
    const whose = `Nobody sends for ${namesOf(ownerless)}`;
    return isStoreAway
      ? bad(
        `${whose}: Redis does not answer, and not all proxies agree to go on without it. ${wait}.`,
      )
      : bad(`${whose}: the next proxy takes over within seconds. ${wait}.`);
  }
  const unreachable = peers.filter(({ isAnswering }) => isAnswering === false)
    .map(({ url }) => url);
  const cut = bots.filter(({ url = "" }) => unreachable.includes(url));
  if (cut.length > 0) {
    return bad(
      `The proxy that sends for ${namesOf(cut)} does not answer this one at ${
        cut[0]?.url
      }: ${wait}.`,
    );
  }
  if (isStoreAway) {
    return busy(
      "Redis does not answer: all proxies agree to go on as they are, and what has to outlive one of them is refused with 503.",
    );
  }
  if (unreachable.length === 0) return undefined;
  return busy(
    `${unreachable.length} of ${
      counted(peers.length, "other proxy", "other proxies")
    } ${unreachable.length === 1 ? "does" : "do"} not answer this one (${
      unreachable[0]
    }): a bot that moves there would wait.`,
  );
}

/** What is quiet here because others send; undefined: this proxy sends for a bot itself. */
export function doorWords(
  { bots, door }: ClusterReading,
): string | undefined {
  if (bots.some(({ owner }) => owner === "self")) return undefined;
  const under = door.handedOn === 0
    ? "none is under way"
    : `${counted(door.handedOn, "request")} under way`;
  return `This proxy is a door: other proxies send for ${
    namesOf(bots)
  }; ${under}.`;
}

function namesOf(rows: readonly OwnerRow[]): string {
  const [first, ...more] = rows.map(({ bot }) => bot);
  return more.length < MORE_MAX
    ? [first, ...more].join(", ")
    : `${first} and ${more.length} other bots`;
}

/** A sentence holds no more names. */
const MORE_MAX = 3;
