import { checkFault } from "./check_faults.ts";
import type { Fault, FaultChance, ScriptedFault } from "./fault.ts";
import type { Random } from "./random.ts";
import { isMatch, split } from "./rule_book.ts";

/** What a fault may be aimed at. */
export interface FaultTarget {
  readonly routeKey: string;
  /** Method and raw path. */
  readonly line: string;
  readonly isReused: boolean;
}

/** Planned faults; a test plans a handful, and a loop that forgot to stop is told so. */
const SCRIPT_MAX = 10_000;

/** Chooses the fault of each request: the script first, then chance. */
export class FaultPlan {
  #script: Array<ScriptedFault & { left: number }> = [];
  #chances: readonly FaultChance[] = [];

  setScript(script: readonly ScriptedFault[]): void {
    for (const { fault } of script) checkFault(fault);
    this.#script = [];
    for (const each of script) this.add(each);
  }

  add(each: ScriptedFault): void {
    checkFault(each.fault);
    if (this.#script.length >= SCRIPT_MAX) {
      throw new RangeError(
        `Cannot plan more than ${SCRIPT_MAX} faults: reset, or use "times"`,
      );
    }
    this.#script.push({ ...each, left: each.times ?? 1 });
  }

  setChances(chances: readonly FaultChance[]): void {
    for (const { fault } of chances) checkFault(fault);
    this.#chances = chances;
  }

  next(target: FaultTarget, random: Random): Fault | undefined {
    const index = this.#script.findIndex((each) => isAimed(each, target));
    const scripted = this.#script[index];
    if (scripted !== undefined) {
      scripted.left--;
      if (scripted.left <= 0) this.#script.splice(index, 1);
      return scripted.fault;
    }
    for (const chance of this.#chances) {
      if (isAimed(chance, target) && random() < chance.probability) {
        return chance.fault;
      }
    }
    return undefined;
  }
}

function isAimed(
  { match, fault }: { readonly match?: string; readonly fault: Fault },
  target: FaultTarget,
): boolean {
  if (fault.kind === "close" && fault.onlyReused && !target.isReused) {
    return false;
  }
  if (match === undefined) return true;
  const parts = split(match);
  return isMatch(parts, target.routeKey) || isMatch(parts, target.line);
}
