import { TurnoverMap } from "../collections/turnover_map.ts";
import type { HandedOver } from "../domain/owners.ts";
import type { Answer } from "../domain/answer.ts";
import type { Guarantee, RestoredEntry } from "../domain/entry.ts";
import type { Identity } from "../domain/identity.ts";
import { invariant } from "../domain/invariant.ts";
import { type Journal, NO_JOURNAL } from "../domain/journal.ts";
import { cancelledRefusal, drainingRefusal } from "../domain/own_refusals.ts";
import type { CallerGone, Ticket } from "../domain/ports.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { Poll } from "../scheduler/types.ts";
import { Register } from "../idempotency/register.ts";
import { refusalOf } from "./answering/refusals.ts";
import { Responder } from "./answering/responder.ts";
import { CallerTicket } from "./answering/ticket.ts";
import { Callers } from "./callers.ts";
import {
  type CloseWayIn,
  Drain,
  type DrainOptions,
  type DrainReport,
  lastSendMsOf,
} from "./drain.ts";
import { LeftOver } from "./left_over.ts";
import { isWaiting, Job, type JobTicket, leasedFact } from "./job.ts";
import { Intake } from "./intake.ts";
import { PollLoop } from "./poll_loop.ts";
import { QueueControl } from "./queue_control.ts";
import { reassignJobs, type Reassignment, renewToken } from "./reassign.ts";
import { CredentialChecks, isCheckDue } from "./sending/credential_checks.ts";
import { Sender } from "./sending/sender.ts";
import type { Dispatcher, DispatcherDeps } from "./types.ts";

/**
 * Connects the scheduler, which decides, with the upstream, which sends.
 *
 * A submitted request becomes a `Job` with a ticket for its caller, and the
 * scheduler is told of it. After each event the poll loop asks the scheduler
 * which jobs may be sent. The sender sends them and settles their leases; the
 * responder brings each end to the tickets. A write is completed even if its
 * caller disconnects (`callers.ts`).
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  return new QueueDispatcher(deps);
}

/** What is submitted was not sent before. */
const NOT_SENT = false;

class QueueDispatcher implements Dispatcher {
  readonly control: QueueControl;
  readonly #deps: DispatcherDeps & { readonly journal: Journal };
  readonly #jobs = new TurnoverMap<number, Job>();
  readonly #intake: Intake;
  readonly #pollLoop: PollLoop;
  readonly #sender: Sender;
  readonly register: Register<Job>;
  readonly #callers: Callers;
  readonly #leftOver: LeftOver;
  readonly #responder: Responder;
  readonly #credentialChecks: CredentialChecks;
  readonly #drain: Drain;
  #report: Promise<DrainReport> | undefined;
  #hasEnded = false;

  constructor(deps: DispatcherDeps) {
    const { clock, options } = deps;
    const journal = deps.journal ?? NO_JOURNAL;
    const register = registerOf(deps, journal);
    this.#deps = { ...deps, journal };
    this.register = register;
    const shared = {
      ...deps,
      ...options,
      journal,
      register,
      jobs: this.#jobs,
      onChange: () => this.#pollLoop.soon(),
      takeOut: (job: Job) => this.#takeOut(job),
      abandon: (job: Job) => this.#sender.abandon(job),
      refuse: (job: Job, refusal: Refusal) => this.#refuse(job, refusal),
    };
    this.#pollLoop = new PollLoop({
      ...deps,
      act: (poll, nowMs) => this.#act(poll, nowMs),
    });
    this.#sender = new Sender({
      ...shared,
      onUnwanted: (job) => this.#giveLeaseBack(job),
      onAnswer: (job, answer, atMs) => this.#answer(job, answer, atMs),
      onRefusal: shared.refuse,
      onAgain: (job) => this.#again(job),
    });
    this.#callers = new Callers(shared);
    this.#leftOver = new LeftOver(shared);
    this.#intake = new Intake({
      ...shared,
      refusalFor: (request, sent) =>
        this.#hasEnded
          ? drainingRefusal(sent)
          : this.#leftOver.refusalFor(request),
      know: (identity) => this.#credentialChecks.know(identity),
    });
    this.#responder = new Responder({
      ...shared,
      takeSecondTry: (job) => this.#takeSecondTry(job),
      askAlone: (ticket) => this.#intake.take(ticket, null),
      onStreamEnd: () => this.#drain.noteProgress(),
    });
    this.control = new QueueControl(shared);
    this.#credentialChecks = new CredentialChecks(shared);
    this.#drain = new Drain(clock, {
      hasWaiting: () => this.#jobs.values().some(isWaiting),
      hasOpen: () => this.#jobs.size + this.#responder.openStreams > 0,
    });
  }

  submit(
    request: ProxyRequest,
    callerGone?: CallerGone,
    guarantee?: Guarantee,
  ): Ticket {
    const ticket = new CallerTicket(request, this.#callers, guarantee);
    const isGone = callerGone?.aborted === true;
    const isAttached = !this.#hasEnded && this.#callers.attach(ticket, isGone);
    if (!isAttached) this.#intake.take(ticket, NOT_SENT);
    // With a guarantee its caller may leave: somebody else comes for the answer.
    if (guarantee === undefined) ticket.watch(callerGone);
    return ticket;
  }

  restore(restored: RestoredEntry): Ticket {
    const { request, guarantee } = restored.entry;
    const ticket = new CallerTicket(request, this.#callers, guarantee);
    this.#intake.restore(ticket, restored);
    // Whoever waited for it is gone.
    if (guarantee === undefined) ticket.handleEvent();
    return ticket;
  }

  restoreOutcome(restored: RestoredEntry): void {
    this.#intake.restoreOutcome(restored);
  }

  release(handed: HandedOver): Promise<void> {
    return this.#leftOver.release(handed);
  }

  isDraining(): boolean {
    return this.#drain.isOn;
  }

  reassign(which: Reassignment): number {
    const reassigned = reassignJobs(this.#jobs.values(), which, {
      ...this.#deps,
      register: this.register,
      onRefusal: (job, refusal) => this.#refuse(job, refusal),
    });
    this.#pollLoop.soon();
    return reassigned;
  }

  renewToken(identity: Identity): number {
    this.#credentialChecks.know(identity);
    // At once, and not a minute after the last check, which was of the old token.
    const isDue = isCheckDue(this.control.snapshot(), identity.id);
    if (isDue) this.#credentialChecks.check(identity.id);
    return renewToken(this.#jobs.values(), identity);
  }

  drain(
    forMs: number,
    closeWayIn?: CloseWayIn,
    options?: DrainOptions,
  ): Promise<DrainReport> {
    return this.#report ??= this.#runDrain(forMs, closeWayIn, options);
  }

  #act(poll: Poll, nowMs: number): void {
    for (const { id, refused } of poll.refused) {
      const job = this.#jobOf(id);
      job.waitReason = refused.waitedFor;
      this.#refuse(job, refusalOf(refused, job.sent));
    }
    for (const id of poll.leases) this.#lease(this.#jobOf(id), nowMs);
    for (const id of poll.credentialChecks) this.#credentialChecks.check(id);
    for (const message of poll.warnings ?? []) {
      this.#deps.facts({ kind: "warning", message });
    }
    this.register.expire(nowMs);
    this.#deps.nonces?.expire(nowMs);
    this.#drain.noteProgress();
  }

  #jobOf(id: number): Job {
    const job = this.#jobs.get(id);
    invariant(job !== undefined, `request ${id} is scheduled, but gone`);
    return job;
  }

  #lease(job: Job, nowMs: number): void {
    job.state = "leased";
    this.register.depart(job);
    // Its caller may have disconnected after the scheduler had chosen it.
    if (!job.outlivesCallers && !job.isWanted) return this.#giveLeaseBack(job);
    if (this.#callers.isHandedOver(job)) return this.#stepBack(job);
    const { scheduler, facts } = this.#deps;
    job.waitReason = scheduler.waitedFor(job.id, nowMs);
    facts(leasedFact(job, nowMs));
    this.#sender.send(job, nowMs);
  }

  #giveLeaseBack(job: Job): void {
    this.#sender.abandon(job);
    this.#refuse(job, cancelledRefusal(job));
  }

  #again(job: Job): void {
    const isUnwanted = !job.outlivesCallers && !job.isWanted;
    if (isUnwanted || job.unkept !== undefined) this.#takeOut(job);
    else this.#leftOver.takes(job);
    this.#pollLoop.soon();
  }

  #answer(job: Job, answer: Answer, receivedAtMs: number): void {
    this.#close(job, this.#responder.answer(job, answer, receivedAtMs));
  }

  #refuse(job: Job, refusal: Refusal): void {
    job.state = "done";
    const nowMs = this.#deps.clock.nowMs();
    this.#close(job, this.#responder.refuse(job, refusal, nowMs));
  }

  /** Its caller waits for another job now. */
  #stepBack(job: Job): void {
    this.#sender.abandon(job);
    this.#close(job);
  }

  #takeSecondTry(job: Job): JobTicket | undefined {
    const taken = this.#callers.takeSecondTry(job);
    if (taken !== undefined) this.#close(taken.second);
    return taken?.ticket;
  }

  #close(job: Job, isKept = false): void {
    this.#jobs.delete(job.id);
    this.register.close(job);
    if (!isKept && job.guarantee === undefined) this.#deps.journal.gone(job);
    this.#leftOver.noteClosed();
    this.#drain.noteFinished();
    this.#pollLoop.soon();
  }

  #takeOut(job: Job): boolean {
    const { scheduler, clock } = this.#deps;
    // Between a poll and our acting on it, the scheduler may have leased or refused it.
    if (scheduler.cancel(job.id, clock.nowMs()) !== "cancelled") return false;
    this.#refuse(job, job.unkept ?? cancelledRefusal(job));
    return true;
  }

  async #runDrain(
    forMs: number,
    closeWayIn?: CloseWayIn,
    options?: DrainOptions,
  ) {
    const { scheduler, clock } = this.#deps;
    const lastSendAtMs = clock.nowMs() + forMs - lastSendMsOf(forMs);
    scheduler.endAt(lastSendAtMs);
    const callOff = clock.wakeAt(lastSendAtMs, () => this.#pollLoop.stop());
    await this.#drain.run(forMs, closeWayIn, options);
    callOff();
    this.#hasEnded = true;
    const { finished } = this.#drain;
    const { openStreams } = this.#responder;
    const left = this.#leftOver.giveUp();
    this.#pollLoop.stop();
    await this.#deps.upstream.close();
    return { ...left, finished, inFlight: left.inFlight + openStreams };
  }
}

function registerOf(deps: DispatcherDeps, journal: Journal): Register<Job> {
  return new Register({
    ...deps,
    ...deps.options,
    onForget: ({ entry }) => entry && journal.gone(entry),
  });
}
