import { Refusal } from "../../domain/refusal.ts";
import { detach } from "../connections/close_connection.ts";
import { type Connection, inFlightOf } from "../connections/connection.ts";
import { dataOf, type Frame } from "../frames/frame.ts";
import type { Verb } from "../frames/verbs.ts";
import type { Step } from "../rep_state.ts";
import { noteAck } from "../sessions/acknowledge.ts";
import { authenticate } from "./authenticate.ts";
import { cancel } from "./cancel.ts";
import { answer } from "./own_replies.ts";

/** Serves the targets of the proxy itself, below `/_rep/`. */
export function serveOwnTarget(
  step: Step,
  connection: Connection,
  frame: Frame,
  verb: Verb,
  name: string,
): void {
  switch (`${verb} ${name}`) {
    case "ACTION auth":
      return authenticate(step, connection, frame);
    case "ACTION ack":
      return acknowledge(step, connection, frame);
    case "ACTION cancel":
      return cancel(step, connection, frame);
    case "DELETE session":
      return endSession(step, connection, frame);
    case "GET ping":
      return answer(step, connection, frame, 200, { now: step.wallMs });
    default:
      throw new Refusal(
        "no_such_target",
        "No such target: below /_rep/ there are ACTION auth, ACTION ack, ACTION cancel, DELETE session and GET ping",
      );
  }
}

function acknowledge(step: Step, connection: Connection, frame: Frame): void {
  const { session } = connection;
  if (session === undefined) throw noSession();
  noteAck(step, connection, frame, dataOf(frame)["seq"] ?? null);
  answer(step, connection, frame, 200, { seq: session.mailbox.ackedSeq });
}

/** Ends the session. Its requests without an answer are answered over this connection (B7). */
function endSession(step: Step, connection: Connection, frame: Frame): void {
  const { session } = connection;
  if (session === undefined) throw noSession();
  detach(step, connection);
  step.state.store.end(session);
  for (const { id } of [...session.inFlight]) {
    const submission = step.state.submissions.get(id);
    if (submission === undefined) continue;
    session.inFlight.delete(submission);
    submission.session = undefined;
    submission.connectionId = connection.id;
    inFlightOf(connection).add(submission);
  }
  answer(step, connection, frame, 200, { ended: true });
}

function noSession(): Refusal {
  return new Refusal("bad_data", "This connection has no session");
}
