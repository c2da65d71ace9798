/** Something done to a process's system calls. */
export interface Fault {
  readonly call: string;
  /** In the words of strace(1), "-e inject". */
  readonly what: string;
  /** Only calls on these files are counted and hit; all are where this is left out. Deno has databases of its own. */
  readonly files?: readonly string[] | undefined;
}

/** The words of a command that runs another with a fault. With -D the process that is started is that other one, so that a signal reaches it. */
export function straceWords({ call, what, files = [] }: Fault): string[] {
  const filters = [
    ...files.flatMap((file) => ["-P", file]),
    ...["-e", `trace=${call}`, "-e", `inject=${call}:${what}`],
  ];
  return ["strace", "-D", "-f", "-qq", "-o", "/dev/null", ...filters];
}

/** True where system calls of a process can be made to fail. */
export async function mayTrace(): Promise<boolean> {
  const traced = new Deno.Command("strace", {
    args: ["-qq", "-o", "/dev/null", "true"],
    stdout: "null",
    stderr: "null",
  });
  return await traced.output().then(({ success }) => success, () => false);
}
