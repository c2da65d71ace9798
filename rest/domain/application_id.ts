/** Ids have had 17 to 19 digits since 2015; 16 and 20 are accepted, too. */
const APPLICATION_ID = /^[0-9]{16,20}$/;

/** The application id of a bot's token: the token's first part is this id in base64. */
export function applicationIdOf(token: string): string | undefined {
  const [first = ""] = token.split(".", 1);
  try {
    const base64 = first.replaceAll("-", "+").replaceAll("_", "/");
    const id = atob(base64.replaceAll("=", ""));
    return APPLICATION_ID.test(id) ? id : undefined;
  } catch {
    return undefined; // Not base64.
  }
}

/** Stands in where there is no token to read one out of: helpers that need one find nothing. */
export const NO_APPLICATION_ID = "0";
