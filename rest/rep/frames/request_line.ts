import { Refusal } from "../../domain/refusal.ts";
import type { Frame } from "./frame.ts";
import { pathOf } from "./target.ts";
import { type Verb, verbOf } from "./verbs.ts";

/** The path and query of a frame's target (C13, C14, C16). */
export function readPath(
  { members }: Frame,
  origins: readonly string[],
): string {
  const { target } = members;
  if (target === undefined) throw new Refusal("bad_target", "Missing target");
  if (typeof target === "string" && target !== "") {
    return pathOf(target, origins);
  }
  throw new Refusal("bad_target", "Invalid target");
}

/** The verb of a frame (C19, C23). */
export function readVerb({ members }: Frame): Verb {
  const { method } = members;
  if (method === undefined) throw badMethod("Missing method");
  const verb = typeof method === "string" ? verbOf(method) : undefined;
  if (verb === undefined) throw badMethod("Invalid method");
  return verb;
}

/** Over HTTP an unknown method is a 405; in a frame it is an invalid member like any other (C23). */
function badMethod(message: string): Refusal {
  return new Refusal("bad_method", message, { status: 400 });
}
