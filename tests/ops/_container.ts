/** The image of `ops/Containerfile`, built and run without a daemon and without a registry of images. */
import assert from "node:assert/strict";
import { buildSluice } from "../../tools/build_sluice.ts";

const CONTAINERFILE = new URL("../../ops/Containerfile", import.meta.url);

/** True where an image can be built: Debian's buildah and mmdebstrap, as root. */
export function canBuildImages(): boolean {
  const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
  return isRoot && ["buildah", "mmdebstrap"].every(isThere);
}

function isThere(program: string): boolean {
  try {
    return new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false;
  }
}

/** An image as a folder, and how its process is started. */
export interface Image extends AsyncDisposable {
  readonly root: string;
  readonly volume: string;
  readonly config: {
    readonly User: string;
    readonly WorkingDir: string;
    readonly Entrypoint: readonly string[];
    readonly Env: readonly string[];
    readonly Volumes: Readonly<Record<string, unknown>>;
    readonly StopSignal: string;
  };
  /** Starts it as an orchestrator does: its user, its environment and ours, a read-only root, the volume. */
  run(env: Readonly<Record<string, string>>): Deno.ChildProcess;
}

/** Builds it, from this machine's Deno and a Debian of its packages. */
export async function buildImage(): Promise<Image> {
  const stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "sluice-image-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const buildah = (...words: string[]) =>
    outputOf("buildah", [
      ...[`--root=${folder}/storage`, `--runroot=${folder}/run`],
      "--storage-driver=vfs",
      ...words,
    ]);
  await buildSluice(new URL(`file://${folder}/package/`));
  const debian = await debianRoot();
  await makeBase(buildah, "debian", ["add", debian, "/"]);
  const deno = await installedDeno(`${folder}/package`);
  await makeBase(buildah, "deno", ["copy", deno, "/deno"]);
  await buildah(
    ...["bud", "--isolation=chroot", "--quiet", "--tag=localhost/sluice"],
    ...[
      "--build-arg=DEBIAN=localhost/debian",
      "--build-arg=DENO=localhost/deno",
    ],
    ...[`--file=${CONTAINERFILE.pathname}`, `${folder}/package`],
  );
  const told = await buildah("inspect", "--type=image", "localhost/sluice");
  const container = await buildah("from", "localhost/sluice");
  const root = await buildah("mount", container);
  stack.defer(async () => void await buildah("umount", container));
  const volume = `${folder}/volume`;
  await Deno.mkdir(volume);
  const { config } = JSON.parse(told).OCIv1;
  const [uid = 0, gid = 0] = config.User.split(":").map(Number);
  await Deno.chown(volume, uid, gid);
  return {
    root,
    volume,
    config,
    run: (env) => start({ root, volume, config }, env),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Binds what a runtime of containers does, makes the root read-only, and becomes the process. */
const RUN = `
root=$1 volume=$2 user=$3 folder=$4; shift 4
mount --bind "$root" "$root"
mount --bind "$volume" "$root/var/lib/sluice"
mkdir -p "$root/proc" "$root/dev"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,ro,bind "$root"
exec unshare --root="$root" --wd="$folder" --setuid="\${user%:*}" --setgid="\${user#*:}" "$@"
`;

function start(
  { root, volume, config }: Pick<Image, "root" | "volume" | "config">,
  env: Readonly<Record<string, string>>,
): Deno.ChildProcess {
  const own = config.Env.map((line) => line.split(/=(.*)/s, 2));
  return new Deno.Command("unshare", {
    args: [
      ...["--mount", "sh", "-ec", RUN, "sh"],
      ...[root, volume, config.User, config.WorkingDir],
      ...config.Entrypoint,
    ],
    clearEnv: true,
    env: { ...Object.fromEntries(own), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

type Buildah = (...words: string[]) => Promise<string>;

/** An image of one layer. */
async function makeBase(
  buildah: Buildah,
  name: string,
  [verb = "", ...words]: readonly string[],
): Promise<void> {
  const container = await buildah("from", "scratch");
  await buildah(verb, container, ...words);
  await buildah("commit", "--quiet", container, `localhost/${name}`);
  await buildah("rm", container);
}

/** A small Debian of this machine's sources, as an archive; kept, since it takes half a minute to make. */
async function debianRoot(): Promise<string> {
  const release = await Deno.readTextFile("/etc/os-release");
  const [, suite = ""] = /^VERSION_CODENAME=(\w+)$/m.exec(release) ?? [];
  const cache = `${Deno.env.get("HOME") ?? "/tmp"}/.cache/sluice-ops`;
  const archive = `${cache}/${suite}.tar`;
  if (await isFile(archive)) return archive;
  await Deno.mkdir(cache, { recursive: true });
  const draft = await Deno.makeTempFile({ dir: cache, suffix: ".tar" });
  const deb822 = "/etc/apt/sources.list.d/debian.sources";
  const source = await isFile(deb822) ? deb822 : "/etc/apt/sources.list";
  const words = ["--variant=essential", suite, draft, source];
  await outputOf("mmdebstrap", words);
  await Deno.rename(draft, archive);
  return archive;
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

/** The Deno that npm installs beside the package: the version that it asks for. */
async function installedDeno(built: string): Promise<string> {
  const { dependencies } = JSON.parse(
    await Deno.readTextFile(`${built}/package.json`),
  );
  const folder = await Deno.makeTempDir({ prefix: "sluice-deno-" });
  addEventListener(
    "unload",
    () => Deno.removeSync(folder, { recursive: true }),
  );
  await outputOf("npm", [
    ...["install", "--prefix", folder, "--prefer-offline", "--no-audit"],
    ...["--no-fund", "--ignore-scripts", `deno@${dependencies.deno}`],
  ]);
  const packages = `${folder}/node_modules/@deno`;
  const [{ name } = { name: "" }] = Deno.readDirSync(packages);
  return `${packages}/${name}/deno`;
}

async function outputOf(
  program: string,
  args: readonly string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, `${program} ${args[0]}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trim();
}
