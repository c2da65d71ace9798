import assert from "node:assert/strict";
import {
  type JournalChange,
  JournalFailure,
  type JournalRow,
  type JournalStore,
} from "../../../rest/domain/journal_store.ts";
import { fc } from "../../deps.ts";
import { STORE_KINDS, type World } from "./_worlds.ts";

/** Two proxies write to two scopes: enough for everything that can go wrong between them. */
type Proxy = 0 | 1;

type Step = Call | { readonly kind: "restart" } | { readonly kind: "crash" };

type Call =
  | { readonly kind: "claim"; readonly proxy: Proxy; readonly scope: string }
  | {
    readonly kind: "append";
    readonly proxy: Proxy;
    readonly changes: readonly JournalChange[];
  }
  | { readonly kind: "load"; readonly proxy: Proxy; readonly scope?: string }
  | { readonly kind: "time"; readonly ms: number };

const START_WALL_MS = 1_790_000_000_000;

/** Bodies above 256 KiB may be kept in another way than smaller ones. */
const BODY_SIZES = [undefined, 0, 5, 300_000] as const;

const SCOPES = fc.constantFrom("1000", "2000");
const IDS = fc.constantFrom("a", "b", "c", "d");
const PROXIES = fc.constantFrom<Proxy>(0, 1);
const UNTIL = fc.constantFrom(START_WALL_MS + 50, START_WALL_MS + 5_000);
const BODY = fc.tuple(fc.constantFrom(...BODY_SIZES), fc.nat(255))
  .map(([size, byte]) =>
    size === undefined ? undefined : new Uint8Array(size).fill(byte)
  );
const OUTCOME = fc.record(
  { head: fc.json(), body: BODY },
  { noNullPrototype: true },
);

const ROW: fc.Arbitrary<JournalRow> = fc.record({
  id: IDS,
  scope: SCOPES,
  kind: fc.constantFrom("request", "session", "learnt"),
  state: fc.constantFrom("queued", "sent"),
  head: fc.json(),
  body: BODY,
  outcome: fc.constant(undefined),
  untilWallMs: fc.option(UNTIL, { nil: undefined }),
}, { noNullPrototype: true });

const ENDED_ROW: fc.Arbitrary<JournalRow> = fc.tuple(ROW, OUTCOME)
  .map(([row, outcome]) => ({ ...row, state: "ended", outcome }));

const CHANGE: fc.Arbitrary<JournalChange> = fc.oneof(
  fc.record({ kind: fc.constant("put"), row: fc.oneof(ROW, ENDED_ROW) }),
  fc.record({
    kind: fc.constant("mark"),
    scope: SCOPES,
    id: IDS,
    state: fc.constantFrom("queued", "sent"),
  }),
  fc.record({
    kind: fc.constant("end"),
    scope: SCOPES,
    id: IDS,
    outcome: OUTCOME,
    untilWallMs: UNTIL,
  }),
  fc.record({ kind: fc.constant("delete"), scope: SCOPES, id: IDS }),
);

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append"),
      proxy: PROXIES,
      changes: fc.array(CHANGE, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("time"),
      ms: fc.constantFrom(1, 30),
    }),
  },
  fc.record({ kind: fc.constant("claim"), proxy: PROXIES, scope: SCOPES }),
  fc.record(
    { kind: fc.constant("load"), proxy: PROXIES, scope: SCOPES },
    { requiredKeys: ["kind", "proxy"] },
  ),
  fc.record({ kind: fc.constantFrom("restart", "crash") }),
);

/** What every store must do, said with lists. */
class Model {
  wallMs = START_WALL_MS;
  #rows: JournalRow[] = [];
  readonly #epochs: { scope: string; epoch: number; proxy: Proxy }[] = [];

  claim(proxy: Proxy, scope: string): number {
    const last = this.#epochs.findLast((claim) => claim.scope === scope);
    const epoch = Math.max(this.wallMs, (last?.epoch ?? 0) + 1);
    this.#epochs.push({ scope, epoch, proxy });
    return epoch;
  }

  /** The proxies of before are gone, and with them what they had claimed. */
  restart(): void {
    for (const claim of this.#epochs) claim.proxy = 2 as Proxy;
  }

  append(proxy: Proxy, changes: readonly JournalChange[]): "made" | "fenced" {
    for (const change of changes) {
      const { scope } = change.kind === "put" ? change.row : change;
      const last = this.#epochs.findLast((claim) => claim.scope === scope);
      if (last?.proxy !== proxy) return "fenced";
    }
    for (const change of changes) this.#make(change);
    return "made";
  }

  #make(change: JournalChange): void {
    const { scope, id } = change.kind === "put" ? change.row : change;
    const at = this.#rows.findIndex((row) =>
      row.id === id && row.scope === scope
    );
    const row = this.#rows[at];
    if (change.kind === "put" || change.kind === "delete") {
      if (at >= 0) this.#rows.splice(at, 1);
      if (change.kind === "put") this.#rows.push(change.row);
    } else if (row !== undefined && change.kind === "mark") {
      if (row.state !== "ended") {
        this.#rows[at] = { ...row, state: change.state };
      }
    } else if (row !== undefined && change.kind === "end") {
      const { outcome, untilWallMs } = change;
      this.#rows[at] = {
        ...row,
        state: "ended",
        body: undefined,
        outcome,
        untilWallMs,
      };
    }
  }

  load(scope: string | undefined): JournalRow[] {
    return this.#rows
      .filter((row) => scope === undefined || row.scope === scope)
      .filter(({ untilWallMs = Infinity }) => untilWallMs > this.wallMs)
      .sort((one, other) => nameOf(one) < nameOf(other) ? -1 : 1);
  }
}

/** What has ended comes last. */
function nameOf({ id, scope, state }: JournalRow): string {
  return `${state === "ended" ? 1 : 0} ${id} ${scope}`;
}

for (const { name, traces, make } of STORE_KINDS) {
  Deno.test(`the ${name} store does what the model does on random traces`, async () => {
    const property = fc.asyncProperty(
      fc.array(STEP, { minLength: 5, maxLength: 40 }),
      async (steps) => {
        const model = new Model();
        await using world = await make(() => model.wallMs);
        await follow(steps, model, world);
      },
    );
    // A failure prints the seed and the shortest trace found.
    await fc.assert(property, { numRuns: traces });
  });
}

async function follow(
  steps: readonly Step[],
  model: Model,
  world: World,
): Promise<void> {
  let stores = [await world.open(), await world.open()] as const;
  try {
    // Without an epoch nothing can be written: the trace begins where something happens.
    for (const scope of ["1000", "2000"]) {
      assert.equal(await stores[0].claimEpoch(scope), model.claim(0, scope));
    }
    for (const step of steps) {
      if (step.kind === "restart" || step.kind === "crash") {
        await stores[1].close();
        if (step.kind === "crash") await world.crash(stores[0]);
        else await stores[0].close();
        model.restart();
        stores = [await world.open(), await world.open()];
      } else await take(step, model, stores);
    }
    for (const store of stores) {
      assert.deepEqual(await rowsOf(store), model.load(undefined));
    }
  } finally {
    for (const store of stores) await store.close();
  }
}

async function take(
  step: Call,
  model: Model,
  stores: readonly [JournalStore, JournalStore],
): Promise<void> {
  switch (step.kind) {
    case "claim": {
      const { proxy, scope } = step;
      const epoch = await stores[proxy].claimEpoch(scope);
      return assert.equal(epoch, model.claim(proxy, scope));
    }
    case "append": {
      const made = await stores[step.proxy].append(step.changes)
        .then(() => "made", codeOf);
      return assert.equal(made, model.append(step.proxy, step.changes));
    }
    case "load": {
      const rows = await rowsOf(stores[step.proxy], step.scope);
      return assert.deepEqual(rows, model.load(step.scope));
    }
    case "time":
      model.wallMs += step.ms;
  }
}

function codeOf(error: unknown): string {
  assert.ok(error instanceof JournalFailure);
  return error.code;
}

async function rowsOf(
  store: JournalStore,
  scope?: string,
): Promise<JournalRow[]> {
  return await Array.fromAsync(store.load(scope));
}
