/** Debian's Prometheus and its promtool, where they are installed. */
import { freePort } from "../../tools/free_port.ts";

/** Where Debian's package puts them. */
const PROMTOOL = "/usr/bin/promtool";
const PROMETHEUS = "/usr/bin/prometheus";

/** False, and said so, where the package is not installed. */
export function hasPrometheus(): boolean {
  try {
    return Deno.statSync(PROMTOOL).isFile && Deno.statSync(PROMETHEUS).isFile;
  } catch {
    return false;
  }
}

/** Runs promtool; the text is all it said. */
export async function promtool(
  args: readonly string[],
  input?: string,
): Promise<{ readonly code: number; readonly text: string }> {
  const child = new Deno.Command(PROMTOOL, {
    args: [...args],
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** One series that a query found. */
export interface Series {
  readonly value: readonly [number, string];
}

/** A Prometheus that scrapes one address every second. */
export interface RunningPrometheus extends AsyncDisposable {
  /** Rejects with what Prometheus says where the expression is wrong. */
  query(expression: string): Promise<readonly Series[]>;
}

/** Starts it on a port of its own, with rules or without. */
export async function startPrometheus(
  scraped: string,
  rules: string,
): Promise<RunningPrometheus> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const config = {
    global: { "scrape_interval": "1s", "evaluation_interval": "1s" },
    "rule_files": [rules],
    "scrape_configs": [
      { "job_name": "sluice", "static_configs": [{ targets: [scraped] }] },
    ],
  };
  await Deno.writeTextFile(`${folder}/config.yml`, JSON.stringify(config));
  const child = new Deno.Command(PROMETHEUS, {
    args: [
      `--config.file=${folder}/config.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async query(expression) {
      const url = new URL(`http://127.0.0.1:${port}/api/v1/query`);
      url.searchParams.set("query", expression);
      const response = await fetch(url);
      const { status, error, data } = await response.json();
      if (status !== "success") throw new Error(`${error}: ${expression}`);
      return data.result;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
