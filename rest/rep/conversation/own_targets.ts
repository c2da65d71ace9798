import { Refusal } from "../../domain/refusal.ts";
import { detach } from "../connections/close_connection.ts";
import { type Connection, inFlightOf } from "../connections/connection.ts";
import { dataOf, type Frame } from "../frames/frame.ts";
import type { Verb } from "../frames/verbs.ts";
import type { Turn } from "../rep_state.ts";
import { noteAck } from "../sessions/acknowledge.ts";
import { authenticate } from "./authenticate.ts";
import { cancel } from "./cancel.ts";
import { answer } from "./own_replies.ts";

/** Answers what is asked of the proxy itself: everything below `/_rep/`. */
export function serveOwnTarget(
  turn: Turn,
  connection: Connection,
  frame: Frame,
  verb: Verb,
  name: string,
): void {
  switch (`${verb} ${name}`) {
    case "ACTION auth":
      return authenticate(turn, connection, frame);
    case "ACTION ack":
      return acknowledge(turn, connection, frame);
    case "ACTION cancel":
      return cancel(turn, connection, frame);
    case "DELETE session":
      return endSession(turn, connection, frame);
    case "GET ping":
      return answer(turn, connection, frame, 200, { now: turn.wallMs });
    default:
      throw new Refusal(
        "no_such_target",
        "No such target: below /_rep/ there are ACTION auth, ACTION ack, ACTION cancel, DELETE session and GET ping",
      );
  }
}

function acknowledge(turn: Turn, connection: Connection, frame: Frame): void {
  const { session } = connection;
  if (session === undefined) throw noSession();
  noteAck(turn, connection, frame, dataOf(frame)["seq"] ?? null);
  answer(turn, connection, frame, 200, { seq: session.mailbox.ackedSeq });
}

/** Ends the session; what still runs for it is answered over this connection (B7). */
function endSession(turn: Turn, connection: Connection, frame: Frame): void {
  const { session } = connection;
  if (session === undefined) throw noSession();
  detach(turn, connection);
  turn.state.store.end(session);
  for (const { id } of [...session.inFlight]) {
    const submission = turn.state.submissions.get(id);
    if (submission === undefined) continue;
    session.inFlight.delete(submission);
    submission.session = undefined;
    submission.connectionId = connection.id;
    inFlightOf(connection).add(submission);
  }
  answer(turn, connection, frame, 200, { ended: true });
}

function noSession(): Refusal {
  return new Refusal("bad_data", "This connection has no session");
}
