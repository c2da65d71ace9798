/**
 * Real networks on one machine: a program in a network namespace of its own
 * routes between proxies, each of which is in one as well, and may drop their
 * packets. None of them has a name and all processes in them end with the first
 * one, so the kernel itself clears everything away, however a test ends.
 */
import { denoCommand } from "../../tools/deno_child.ts";

/** Runs what comes behind it as root of a network in which nothing is but itself; its end is that of all processes in there. */
const ALONE = [
  ["unshare", "--map-root-user", "--net"],
  ["--pid", "--fork", "--mount-proc", "--kill-child"],
].flat();

/** What a test needs of it: links into another network, routes, and packets that are dropped. */
const TRY = `
ip link add here type veth peer name there &&
nsenter --net=/proc/$$/ns/net true &&
unshare --net true &&
echo 1 > /proc/sys/net/ipv4/ip_forward &&
nft add table inet probe`;

/** True where this can be had; says so on stderr where not, so that nobody takes a run for a full one. */
export async function hasNetworks(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "run" });
  if (state !== "granted") return false;
  const has = await isGranted();
  if (!has) await Deno.stderr.write(new TextEncoder().encode(PASSED_OVER));
  return has;
}

async function isGranted(): Promise<boolean> {
  const [program = "", ...words] = [...ALONE, "sh", "-c", TRY];
  try {
    const { success } = await new Deno.Command(program, { args: words })
      .output();
    return success;
  } catch {
    // There is no such program.
    return false;
  }
}

const PASSED_OVER =
  "unshare, ip or nft is not installed or may not be used: tests of networks that drop packets are passed over\n";

/** Several times what a run takes; it holds also where nobody waits for it any more. */
const BOUND = ["timeout", "--signal=KILL", "120"];

/** Runs a file of this folder in a network of its own; rejects with what it says where it fails. */
export async function runInNetwork(
  file: string,
  ...args: readonly string[]
): Promise<void> {
  const path = new URL(file, import.meta.url).pathname;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = denoCommand({
    args: ["run", "-A", `--config=${config}`, "--cached-only", path, ...args],
    through: [...BOUND, ...ALONE],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, stdout, stderr } = await child.output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code === 0) return;
  throw new Error(`It ended with ${code}:\n${said.join("\n")}`);
}

/** Where the network of the proxy with this number meets ours: an address of ours that only it uses. */
export function hubAddressOf(number: number): string {
  return `10.9.${number}.1`;
}

/** The address of the proxy with this number, in its own network. */
export function addressOf(number: number): string {
  return `10.9.${number}.2`;
}

/** Runs what comes behind it in a network that has one link, to ours, and all others behind it. */
export function inNetworkOf(number: number): string[] {
  const hub = `nsenter --net=/proc/$PPID/ns/net`;
  const script = `set -e
ip link set lo up
ip link add eth0 type veth peer name p${number} netns $PPID
ip address add ${addressOf(number)}/24 dev eth0
ip link set eth0 up
${hub} ip address add ${hubAddressOf(number)}/24 dev p${number}
${hub} ip link set p${number} up
ip route add default via ${hubAddressOf(number)}
exec "$@"`;
  return ["unshare", "--net", "sh", "-c", script, "sh"];
}

/** Makes the network that we are in the one that all others meet in. */
export async function openHub(): Promise<void> {
  await run("ip", "link", "set", "lo", "up");
  await Deno.writeTextFile("/proc/sys/net/ipv4/ip_forward", "1");
  await run(
    "nft",
    `table inet cut {
      chain input { type filter hook input priority 0; }
      chain output { type filter hook output priority 0; }
      chain forward { type filter hook forward priority 0; }
    }`,
  );
}

/** From now on no packet of the proxy's to this port of ours arrives, nor one of its answers, and nobody is told. */
export async function cutFromPort(number: number, port: number): Promise<void> {
  const link = `p${number}`;
  await run(
    "nft",
    `add rule inet cut input iifname ${link} tcp dport ${port} drop
     add rule inet cut output oifname ${link} tcp sport ${port} drop`,
  );
}

/** The same between this proxy and every other one. */
export async function cutFromPeers(number: number): Promise<void> {
  const link = `p${number}`;
  await run(
    "nft",
    `add rule inet cut forward iifname ${link} drop
     add rule inet cut forward oifname ${link} drop`,
  );
}

/** Everything arrives again. */
export async function mend(): Promise<void> {
  await run("nft", "flush table inet cut");
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args })
    .output();
  if (!success) {
    throw new Error(`${program} fails: ${new TextDecoder().decode(stderr)}`);
  }
}
