import { type DriverOptions, RandomDriver } from "./_random_driver.ts";

/**
 * Every call of the scheduler's interface at random, in any order, with answers
 * of every kind, judged by a model that only counts (see `_random_driver.ts`
 * for what is held against it). `SIM_SEEDS=1,2,3` chooses the seeds,
 * `SIM_SEEDS=new` draws fifty.
 */
const SEEDS = seedsOf(Deno.env.get("SIM_SEEDS") ?? "1,2,3,4,5,6,7,8");

/** Each seed names this many runs: most mistakes need luck to show. */
const RUNS_PER_SEED = 5;

const STEPS = 400;

const WEATHERS: Readonly<Record<string, Omit<DriverOptions, "steps">>> = {
  "what waits is sent in the end": {
    isPatient: true,
    isHostile: false,
    isChanging: false,
  },
  "what waits is sent in the end, though hashes and clocks change": {
    isPatient: true,
    isHostile: false,
    isChanging: true,
  },
  "nothing outlives its time and no bound is left behind": {
    isPatient: false,
    isHostile: false,
    isChanging: true,
  },
  "headers without sense break nothing": {
    isPatient: false,
    isHostile: true,
    isChanging: true,
  },
};

for (const [claim, weather] of Object.entries(WEATHERS)) {
  for (const seed of SEEDS) {
    Deno.test(`random calls: ${claim} (seed ${seed})`, () => {
      for (let run = 0; run < RUNS_PER_SEED; run++) {
        const driver = new RandomDriver(seed * RUNS_PER_SEED + run, {
          steps: STEPS,
          ...weather,
        });
        driver.run();
      }
    });
  }
}

function seedsOf(wish: string): number[] {
  if (wish !== "new") return wish.split(",").map(Number);
  return Array.from({ length: 50 }, () => Math.floor(Math.random() * 1e9));
}
