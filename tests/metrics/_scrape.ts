import { KEY } from "../_proxy.ts";

/** The figures as Prometheus gets them, by name and labels as they are spelt. */
export async function scrape(
  url: string,
): Promise<{ readonly text: string; readonly values: Map<string, number> }> {
  const headers = { authorization: KEY };
  const response = await fetch(`${url}/metrics`, { headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const space = line.lastIndexOf(" ");
    values.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return { text, values };
}

/** The sum over all series of a name. */
export function sumOf(
  values: ReadonlyMap<string, number>,
  name: string,
): number {
  let sum = 0;
  for (const [series, value] of values) {
    if (series === name || series.startsWith(`${name}{`)) sum += value;
  }
  return sum;
}
