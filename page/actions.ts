import { isSignedIn, tell } from "./state.ts";

/** Something an operator does to the queue. */
export type Action =
  | { readonly action: "pause" | "resume"; readonly line: string }
  | { readonly action: "drop"; readonly request: number }
  | { readonly action: "button"; readonly button: string }
  | { readonly action: "drain" };

/** Asks the proxy to do it, and tells what came of it. */
export async function act(what: Action): Promise<void> {
  tell(await send("/admin/actions", what));
}

/** Gives the key, once; undefined: it is right. */
export async function giveKey(key: string): Promise<string | undefined> {
  const said = await send("/admin/session", { key });
  return said === "" ? undefined : said;
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await fetch("/admin/session", { method: "DELETE" });
  isSignedIn.value = false;
}

async function send(path: string, body: unknown): Promise<string> {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.status === 204) return "";
    const { message } = await response.json();
    return String(message);
  } catch {
    return "The proxy does not answer.";
  }
}
