/** The names by which a parent says that it has passed sockets on (sd_listen_fds(3)); none of them is a setting of ours. */
export const PASSED_SOCKET_NAMES = ["LISTEN_FDS", "LISTEN_PID"] as const;

/** The first file descriptor that is passed on. */
const FIRST = 3;

/**
 * The file descriptor of a socket that the parent listens on and passed to this
 * process; undefined where there is none, or where it was meant for another.
 */
export function passedSocketIn(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  settings: {
    readonly socket: string | undefined;
    readonly tlsCertFile: string | undefined;
  },
  problems: string[],
): number | undefined {
  const count = env["LISTEN_FDS"];
  if (count === undefined || count === "") return undefined;
  const meant = env["LISTEN_PID"];
  if (meant !== undefined && meant !== "" && Number(meant) !== pid) {
    return undefined;
  }
  if (count !== "1") {
    problems.push(
      `LISTEN_FDS is ${JSON.stringify(count.slice(0, 20))}: want 1 socket`,
    );
  }
  if (settings.tlsCertFile !== undefined) {
    problems.push(
      "REST_TLS_CERT cannot be used on a socket that was passed on (LISTEN_FDS): speak TLS in front of it, or do not pass one",
    );
  }
  if (settings.socket !== undefined) {
    problems.push(
      "REST_SOCKET cannot be used beside a socket that was passed on (LISTEN_FDS): name the path where that one is made",
    );
  }
  return FIRST;
}
