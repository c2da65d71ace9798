import type { OnLeave } from "../domain/request.ts";
import type { Urgency } from "../domain/urgency.ts";
import type { WaitRule } from "../domain/wait_rule.ts";
import { readRoutes, type Tell, unknownMember, wholeOf } from "./members.ts";
import { isObject, jsonIn, type SettingFile } from "./setting_file.ts";

/** Each request is compared with all of them until one fits. */
const RULES_MAX = 50;
/** `REST_MAX_WAIT_MS` can be no longer. */
const WAIT_S_MAX = 3_600;

const MEMBERS: readonly string[] = ["routes", "wait", "onLeave", "urgency"];

/** The rules of `REST_RULES_FILE`. Every problem in it is added to `problems`. */
export function readRulesFile(
  file: SettingFile | undefined,
  problems: string[],
): readonly WaitRule[] {
  if (file === undefined) return [];
  const before = problems.length;
  const value = jsonIn(file, problems);
  if (problems.length > before) return [];
  return readRules(
    value,
    (problem) => problems.push(`${file.setting}: ${problem}`),
  );
}

/** The rules of a key, or of the file for all. */
export function readRules(given: unknown, tell: Tell): readonly WaitRule[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > RULES_MAX) {
    tell(`want a JSON list of at most ${RULES_MAX} rules`);
    return [];
  }
  return given.map((rule, at) =>
    readRule(rule, (problem) => tell(`rule ${at + 1}: ${problem}`))
  );
}

const NO_RULE: WaitRule = {
  routes: undefined,
  waitMs: undefined,
  onLeave: "run",
  urgency: undefined,
};

function readRule(given: unknown, tell: Tell): WaitRule {
  if (!isObject(given)) {
    tell('want an object such as { "routes": ["GET /users/**"], "wait": 5 }');
    return NO_RULE;
  }
  for (const member of Object.keys(given)) {
    if (!MEMBERS.includes(member)) tell(unknownMember(member, MEMBERS));
  }
  return {
    routes: readRoutes(given["routes"], tell),
    waitMs: readWaitMs(given["wait"], tell),
    onLeave: readOnLeave(given["onLeave"], tell),
    urgency: wholeOf(given, "urgency", 0, 7, tell) as Urgency | undefined,
  };
}

function readWaitMs(given: unknown, tell: Tell): number | undefined {
  if (given === undefined) return undefined;
  const isWait = typeof given === "number" && given >= 0 &&
    given <= WAIT_S_MAX;
  if (isWait) return given * 1_000;
  const shown = typeof given === "number" ? ` is ${given}` : "";
  tell(`"wait"${shown}: want seconds from 0 to ${WAIT_S_MAX}`);
  return undefined;
}

function readOnLeave(given: unknown, tell: Tell): OnLeave {
  if (given === undefined || given === "run" || given === "cancel") {
    return given ?? "run";
  }
  tell('"onLeave": want "run" or "cancel"');
  return "run";
}
