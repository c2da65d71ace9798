import type { HandedOver } from "../domain/owners.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { ChangedPaths } from "./changed_paths.ts";
import { type DetachedWrite, DetachedWrites } from "./detached_writes.ts";
import {
  type Digest,
  isSameWrite,
  readPrintOf,
  writePrintOf,
} from "./fingerprint.ts";
import { KeptBodies } from "./kept_bodies.ts";
import type { KeptOutcomesDeps } from "./kept_outcomes.ts";
import { NamedEntries } from "./named_entries.ts";
import { type OpenWrite, OpenWrites } from "./open_writes.ts";
import { isShareableRead } from "./policies.ts";

/** What a register is made with. */
export interface RegisterOptions {
  readonly digest: Digest;
  /** How long the outcome of a detached write waits for its second try; 0: there are no second tries. */
  readonly adoptMs: number;
  /** All bodies of kept answers together. */
  readonly keptBytesMax: number;
  /** Whether identical waiting reads are sent once. */
  readonly isSingleFlight: boolean;
  /** Nobody can ask for this outcome any more. */
  readonly onForget: KeptOutcomesDeps["onForget"];
}

/** What of the register others than the dispatcher speak to. */
export type NamedRegister = Pick<Register<never>, "named" | "bodies">;

/**
 * When a caller leaves within this time of another one, both may have ended
 * together, as when their process was killed: the later one is no second try.
 * No library gives up within it.
 */
export const TOGETHER_MS = 100;

/**
 * A caller's leaving is told so much later at most than its second try is here.
 * What was here long before is no second try, but an equal write, and must not
 * be lost.
 */
const TOLD_LATE_MS = 100;

/**
 * Knows which requests are one: those without a name by what they are, here;
 * those with a name in `named_entries.ts` and `names.ts`. The table is
 * `policies.ts`.
 *
 * Theory of operation. A write without a name is *open* until it ends. When its
 * last caller leaves it is *detached*, and stays so beyond its end where its
 * outcome is kept. A newcomer that equals a detached write takes the leaver's
 * place (`adopt`). A second try is often here before the leaving is told, so the
 * pair is looked at again as late as it does no harm: before the second one is
 * sent or when its caller leaves, too (`firstOf`), and when the first one ends
 * (`secondTryOf`). Whatever changes a path makes every earlier write of it
 * *overtaken*: none of those is handed to anybody.
 */
export class Register<W extends OpenWrite<W>> {
  readonly bodies: KeptBodies;
  readonly named: NamedEntries;
  readonly detached: DetachedWrites<W>;
  readonly #options: RegisterOptions;
  /** Those that were not sent yet and may be shared, by their prints. */
  readonly #reads = new Map<string, W>();
  readonly #open = new OpenWrites<W>();
  readonly #changes = new ChangedPaths();

  constructor(options: RegisterOptions) {
    const { digest, adoptMs, keptBytesMax, onForget } = options;
    const bodies = new KeptBodies(keptBytesMax);
    this.#options = options;
    this.bodies = bodies;
    this.named = new NamedEntries({ bodies, onForget });
    this.detached = new DetachedWrites({
      printOf: (request) => writePrintOf(request, digest),
      adoptMs,
      bodies,
      onForget,
    });
  }

  /** A request was accepted. */
  accept(entry: W): void {
    const { request, guarantee } = entry;
    const { method, target: { path } } = request;
    const isNamed = guarantee !== undefined;
    if (method === "GET") return this.#share(entry);
    if (method !== "POST") {
      this.#changes.note(path, entry.id);
      // What repeats the newest change of its path changes nothing.
      const [newest] = this.#open.newestOf(path);
      const isRepeated = !isNamed && newest?.isOvertaken === false &&
        this.#isSame(newest, request);
      if (!isRepeated) {
        this.#open.overtake(path);
        this.detached.forgetPath(path);
      }
    }
    if (!isNamed) this.#open.add(entry);
  }

  /** The waiting read that an identical one may share. */
  readLike(request: ProxyRequest): W | undefined {
    if (!isShareableRead(request)) return undefined;
    return this.#reads.get(readPrintOf(request));
  }

  /** A request is about to be sent: a read is shared no more, since what comes later might expect a later answer. */
  depart(entry: W): void {
    if (this.#reads.get(entry.print) === entry) this.#reads.delete(entry.print);
  }

  /** The detached write that a newcomer repeats, which is in the newcomer's hands now. */
  adopt(request: ProxyRequest, nowMs: number): DetachedWrite<W> | undefined {
    const found = this.#find(request, nowMs);
    // Where its second try is here already, this one is the third: that one's leaving is told late, too.
    const second = found?.write && this.secondTryOf(found.write);
    return second === undefined ? this.#take(found) : undefined;
  }

  /**
   * Whether a newcomer whose caller has left already is one with a write that is
   * there: it repeats a detached one, or is the first try of one that was handed
   * in before it, since where the process is held up both arrive at once.
   */
  isNoNews(request: ProxyRequest, nowMs: number): boolean {
    if (this.#find(request, nowMs) !== undefined) return true;
    if (this.#options.adoptMs === 0) return false;
    return this.#open.newestOf(request.target.path).some((other) =>
      other.isWanted && other.sinceMs >= nowMs - TOLD_LATE_MS &&
      !other.isOvertaken && !this.#isChangedSince(other) &&
      this.#isSame(other, request)
    );
  }

  /** The detached write whose second try this one is, given that it is to be sent now: from now on in its hands. */
  firstOf(write: W, nowMs: number): DetachedWrite<W> | undefined {
    const { request, id } = write;
    return this.#take(this.#find(request, nowMs, { beforeId: id }));
  }

  /** Whether a write whose last caller leaves now was the second try of one that is detached, and is to be had by the next. */
  isSecondTry({ request, id, sinceMs }: W, nowMs: number): boolean {
    const first = this.#find(request, nowMs, {
      beforeId: id,
      leftByMs: Math.min(nowMs - TOGETHER_MS, sinceMs + TOLD_LATE_MS),
    });
    return first !== undefined;
  }

  /** The second try of a detached write that ends now: the first of those that came after it. */
  secondTryOf(write: W): W | undefined {
    if (!this.detached.has(write) || this.#isChangedSince(write)) {
      return undefined;
    }
    const { request, id } = write;
    let second: W | undefined;
    for (const other of this.#open.newestOf(request.target.path)) {
      if (other.id <= id) break;
      if (other.mayStepBack && this.#isSame(other, request)) second = other;
    }
    return second;
  }

  /** Forgets what it knows of an identity, without a word: another process goes on with it. */
  release(handed: HandedOver): void {
    this.detached.release(handed);
    this.named.release(handed);
  }

  /** A request has ended. */
  close(entry: W): void {
    this.depart(entry);
    this.#open.remove(entry);
  }

  /** A request is to get another identity: it is nobody's match until the function that is returned is called. */
  suspend(entry: W, nowMs: number): () => void {
    const isDetached = this.detached.has(entry);
    this.detached.drop(entry);
    this.depart(entry);
    return () => {
      if (isDetached) this.detached.add(entry, nowMs);
      this.#share(entry);
    };
  }

  /** Lets go of what nobody came back for. */
  expire(nowMs: number): void {
    this.detached.expire(nowMs);
    this.named.expire(nowMs);
  }

  /** Lets others wait with a read until it leaves. */
  #share(read: W): void {
    const { request, guarantee } = read;
    const isShared = this.#options.isSingleFlight &&
      guarantee === undefined && isShareableRead(request);
    if (!isShared) return;
    read.print = readPrintOf(request);
    this.#reads.set(read.print, read);
  }

  /** A detached write that equals a request and may be handed on. */
  #find(
    request: ProxyRequest,
    nowMs: number,
    bounds: Parameters<DetachedWrites<W>["find"]>[1] = {},
  ): DetachedWrite<W> | undefined {
    this.detached.expire(nowMs);
    for (;;) {
      const found = this.detached.find(request, bounds);
      if (found === undefined) return undefined;
      const { write, untilMs } = found;
      if (write === undefined) {
        if (nowMs < untilMs) return found;
        // Another process's is read behind what ends later.
        this.detached.forget(found);
      } else if (this.#isChangedSince(write)) this.#take(found);
      else return found;
    }
  }

  #take(found: DetachedWrite<W> | undefined): DetachedWrite<W> | undefined {
    if (found !== undefined) this.detached.remove(found);
    return found;
  }

  /** Whether doing a PUT, PATCH or DELETE again makes a difference. A POST would be a second one. */
  #isChangedSince({ id, request: { method, target } }: W): boolean {
    return method !== "POST" && this.#changes.isChangedAround(target.path, id);
  }

  #isSame(write: W, request: ProxyRequest): boolean {
    return isSameWrite(write.request, request, this.#options.digest);
  }
}
