import type { Answer } from "../domain/answer.ts";
import { queuedFact, refusedFact } from "../domain/fact.ts";
import type { Guarantee } from "../domain/entry.ts";
import type { Identity } from "../domain/identity.ts";
import { invariant } from "../domain/invariant.ts";
import { type Journal, NO_JOURNAL } from "../domain/journal.ts";
import { cancelledRefusal, drainingRefusal } from "../domain/own_refusals.ts";
import type { CallerGone, Ticket } from "../domain/ports.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { Poll } from "../scheduler/types.ts";
import { Acceptance } from "./acceptance.ts";
import { refusalOf } from "./answering/refusals.ts";
import { Responder } from "./answering/responder.ts";
import { CallerTicket, type TicketHandler } from "./answering/ticket.ts";
import { askOf } from "./ask.ts";
import { type CloseWayIn, Drain, type DrainReport } from "./drain.ts";
import { giveUp } from "./give_up.ts";
import { isWaiting, Job, type JobTicket, leasedFact } from "./job.ts";
import { PollLoop } from "./poll_loop.ts";
import { QueueControl } from "./queue_control.ts";
import { reassignJobs, type Reassignment, renewToken } from "./reassign.ts";
import { Joining } from "./second_tries/joining.ts";
import { DetachedWrites } from "./second_tries/detached_writes.ts";
import { possibleSecondTries } from "./second_tries/second_tries.ts";
import { SingleFlight } from "./second_tries/single_flight.ts";
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
 * caller disconnects (`second_tries`).
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  return new QueueDispatcher(deps);
}

class QueueDispatcher implements Dispatcher, TicketHandler {
  readonly control: QueueControl;
  readonly #deps: DispatcherDeps & { readonly journal: Journal };
  readonly #jobs = new Map<number, Job>();
  readonly #acceptance: Acceptance;
  readonly #pollLoop: PollLoop;
  readonly #sender: Sender;
  readonly #joining: Joining;
  readonly #responder: Responder;
  readonly #detachedWrites: DetachedWrites;
  readonly #flights: SingleFlight | undefined;
  readonly #credentialChecks: CredentialChecks;
  readonly #drain: Drain;
  #report: Promise<DrainReport> | undefined;
  #hasEnded = false;
  #nextId = 1;

  constructor(deps: DispatcherDeps) {
    const { clock, options } = deps;
    const journal = deps.journal ?? NO_JOURNAL;
    this.#deps = { ...deps, journal };
    this.#acceptance = new Acceptance({
      ...deps,
      journal,
      takeOut: (job) => this.#takeOut(job),
    });
    this.#pollLoop = new PollLoop({
      ...deps,
      act: (poll, nowMs) => this.#act(poll, nowMs),
    });
    this.#sender = new Sender({
      ...deps,
      maxWaitMs: options.maxWaitMs,
      journal,
      onUnwanted: (job) => this.#giveLeaseBack(job),
      onAnswer: (job, answer, atMs) => this.#answer(job, answer, atMs),
      onRefusal: (job, refusal) => this.#refuse(job, refusal),
      onAgain: (job) => this.#again(job),
    });
    this.#detachedWrites = new DetachedWrites(deps.digest);
    this.#flights = options.isSingleFlight ? new SingleFlight() : undefined;
    this.#joining = new Joining({
      ...deps,
      detachedWrites: this.#detachedWrites,
      flights: this.#flights,
      onChange: () => this.#pollLoop.soon(),
    });
    this.#responder = new Responder({
      ...deps,
      detachedWrites: this.#detachedWrites,
      askAlone: (ticket) => this.#queue(ticket, null),
      onStreamEnd: () => this.#drain.noteProgress(),
    });
    this.control = new QueueControl({
      ...deps,
      jobs: this.#jobs,
      takeOut: (job) => this.#takeOut(job),
      onChange: () => this.#pollLoop.soon(),
    });
    this.#credentialChecks = new CredentialChecks({
      ...deps,
      apiVersion: options.apiVersion,
      onChange: () => this.#pollLoop.soon(),
    });
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
    const ticket = new CallerTicket(request, this, guarantee);
    const isJoined = !this.#hasEnded && this.#joining.join(ticket);
    if (!isJoined) this.#queue(ticket);
    ticket.watch(callerGone);
    return ticket;
  }

  isDraining(): boolean {
    return this.#drain.isOn;
  }

  reassign(which: Reassignment): number {
    const reassigned = reassignJobs(this.#jobs.values(), which, {
      ...this.#deps,
      detachedWrites: this.#detachedWrites,
      flights: this.#flights,
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

  drain(forMs: number, closeWayIn?: CloseWayIn): Promise<DrainReport> {
    return this.#report ??= this.#runDrain(forMs, closeWayIn);
  }

  callerLeft(ticket: JobTicket): void {
    const { job } = ticket;
    // A ticket without a job waits for a kept answer, which is given back by itself.
    if (job === undefined) return;
    if (job.isWanted || job.state === "done") {
      job.detach(ticket);
      ticket.reject(
        cancelledRefusal({ sent: job.state === "waiting" ? job.sent : null }),
      );
    } else if (job.state === "waiting" && !job.outlivesCallers) {
      this.#takeOut(job);
    } else if (job.isWrite) {
      this.#leaveBehind(job);
    }
  }

  takeBack(ticket: JobTicket): "cancelled" | "sent" | "done" {
    const { job } = ticket;
    if (job === undefined) return "done";
    // A request that may have run will be answered.
    if (job.state !== "waiting" || job.mayHaveRun) return "sent";
    if (job.tickets.some((other) => other !== ticket && other.isWanted)) {
      job.detach(ticket);
      ticket.reject(cancelledRefusal({ sent: false }));
      return "cancelled";
    }
    return this.#takeOut(job) ? "cancelled" : "sent";
  }

  /** Leaves a write without a caller, unless the caller's second try is here already. */
  #leaveBehind(job: Job): void {
    const nowMs = this.#deps.clock.nowMs();
    const newestId = this.#nextId - 1;
    const tries = possibleSecondTries(job, this.#jobs, newestId, nowMs);
    const twin = this.#joining.reunite(job, tries);
    if (twin !== undefined) return this.#close(twin);
    this.#detachedWrites.add(job);
    this.#deps.journal.detached(job);
  }

  /** `sent` is what a refusal says about earlier sends of the same request. */
  #queue(ticket: JobTicket, sent: false | null = false): void {
    if (this.#hasEnded) return this.#turnAway(ticket, drainingRefusal(sent));
    const { scheduler, clock, facts, nonces } = this.#deps;
    const nowMs = clock.nowMs();
    const job = new Job(this.#nextId++, ticket, nowMs);
    const refused = scheduler.enqueue(askOf(job), nowMs);
    if (refused) return this.#turnAway(ticket, refusalOf(refused, sent));
    job.nonce = nonces?.nonceFor(job, nowMs);
    this.#jobs.set(job.id, job);
    this.#acceptance.accept(job, ticket);
    this.#flights?.open(job);
    this.#credentialChecks.know(job.request.identity);
    facts(queuedFact(job.request));
    this.#pollLoop.soon();
  }

  #turnAway(ticket: JobTicket, refusal: Refusal): void {
    this.#deps.facts(refusedFact(ticket.request, refusal));
    ticket.reject(refusal);
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
    this.#detachedWrites.expire(nowMs);
    this.#drain.noteProgress();
  }

  #jobOf(id: number): Job {
    const job = this.#jobs.get(id);
    invariant(job !== undefined, `request ${id} is scheduled, but gone`);
    return job;
  }

  #lease(job: Job, nowMs: number): void {
    job.state = "leased";
    this.#flights?.close(job);
    // Its caller may have disconnected after the scheduler had chosen it.
    if (!job.outlivesCallers && !job.isWanted) return this.#giveLeaseBack(job);
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
    this.#pollLoop.soon();
  }

  #answer(job: Job, answer: Answer, receivedAtMs: number): void {
    this.#responder.answer(job, answer, receivedAtMs);
    this.#close(job);
  }

  #refuse(job: Job, refusal: Refusal): void {
    job.state = "done";
    this.#responder.refuse(job, refusal, this.#deps.clock.nowMs());
    this.#close(job);
  }

  #close(job: Job): void {
    this.#jobs.delete(job.id);
    this.#deps.journal.gone(job);
    this.#flights?.close(job);
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

  async #runDrain(forMs: number, closeWayIn?: CloseWayIn) {
    this.#deps.scheduler.endAt(this.#deps.clock.nowMs() + forMs);
    await this.#drain.run(forMs, closeWayIn);
    this.#hasEnded = true;
    const { finished } = this.#drain;
    const { openStreams } = this.#responder;
    const left = giveUp(this.#jobs, {
      ...this.#deps,
      abandon: (job) => this.#sender.abandon(job),
      refuse: (job, refusal) => this.#refuse(job, refusal),
    });
    this.#pollLoop.stop();
    await this.#deps.upstream.close();
    return { ...left, finished, inFlight: left.inFlight + openStreams };
  }
}
