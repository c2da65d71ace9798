import type { Answer } from "../../domain/answer.ts";
import type { Entry } from "../../domain/entry.ts";
import type { Journal } from "../../domain/journal.ts";
import type { AnswerListener, Ticket } from "../../domain/ports.ts";
import type { SubmissionResult } from "../../rep/conversation/settle.ts";
import { isLeftBehind } from "../left_behind.ts";
import { Submissions, type SubmissionsDeps } from "./submissions.ts";

/** What early ends are seen and written down with. */
export interface EarlyEndsDeps extends Omit<SubmissionsDeps, "onEnd"> {
  readonly journal: Journal;
}

/** As long as a REPLY, which takes its place: both are deleted by name. */
const KEPT_MS = 30 * 86_400_000;

/**
 * Frames of another process that are under way before their session is there,
 * so that no REPLY can be numbered. What comes of them is written down at once
 * all the same: should this process end before, or the session go to another
 * proxy, the next one numbers what it finds, and does not have to say that
 * nobody knows.
 */
export class EarlyEnds {
  readonly #journal: Journal;
  readonly #submissions: Submissions;
  readonly #open = new Map<number, EarlyTicket>();
  #lastId = 0;

  constructor({ journal, ...deps }: EarlyEndsDeps) {
    this.#journal = journal;
    this.#submissions = new Submissions({
      ...deps,
      onEnd: (id, result) => this.#end(id, result),
    });
  }

  /** Sees a request to its end. Its session, when it is there, follows the ticket that is returned. */
  follow(ticket: Ticket): Ticket {
    const early = new EarlyTicket(ticket);
    const id = ++this.#lastId;
    this.#open.set(id, early);
    this.#submissions.follow(id, ticket);
    return early;
  }

  #end(id: number, result: SubmissionResult): void {
    const early = this.#open.get(id);
    this.#open.delete(id);
    // Where its session is there, its REPLY is written next.
    if (early?.isFollowed === false) this.#write(early.entry, result);
    early?.settle(result);
  }

  #write(entry: Entry | undefined, result: SubmissionResult): void {
    const journal = this.#journal;
    if (entry === undefined || isLeftBehind(entry, result, journal)) return;
    journal.ended(entry, result, KEPT_MS)?.catch(ignore);
  }
}

/** Holds what came of a frame until its session is there. */
class EarlyTicket implements Ticket {
  readonly #ticket: Ticket;
  #result: SubmissionResult | undefined;
  #listener: AnswerListener | undefined;
  /** What the listener calls it. */
  #name = 0;

  constructor(ticket: Ticket) {
    this.#ticket = ticket;
  }

  get isFollowed(): boolean {
    return this.#listener !== undefined;
  }

  get entry(): Entry | undefined {
    return this.#ticket.entry;
  }

  get answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const answered = (_: number, answer: Answer) => resolve(answer);
      const refused = (_: number, error: unknown) => reject(error);
      this.listen({ answered, refused }, 0);
    });
  }

  listen(listener: AnswerListener, name: number): void {
    this.#listener = listener;
    this.#name = name;
    if (this.#result !== undefined) this.settle(this.#result);
  }

  cancel(): "cancelled" | "sent" | "done" {
    return this.#ticket.cancel();
  }

  settle(result: SubmissionResult): void {
    this.#result = result;
    const name = this.#name;
    if (result.kind === "answer") {
      this.#listener?.answered(name, result.answer);
    } else this.#listener?.refused(name, result.refusal);
  }
}

/** A failing journal tells of itself. */
function ignore(): void {}
