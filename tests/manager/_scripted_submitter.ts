import type { Answer } from "../../rest/domain/answer.ts";
import type { Submitter } from "../../rest/domain/ports.ts";
import type { Refusal } from "../../rest/domain/refusal.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";

/** A queue that keeps what it is given and answers it at once. */
export interface ScriptedSubmitter extends Submitter {
  readonly requests: ProxyRequest[];
  /** The last one. */
  readonly last: ProxyRequest;
  answer: Answer | Refusal;
}

export function createScriptedSubmitter(
  answer: Answer | Refusal,
): ScriptedSubmitter {
  const submitter: ScriptedSubmitter = {
    requests: [],
    answer,
    get last() {
      const last = submitter.requests.at(-1);
      if (last === undefined) throw new Error("Nothing was submitted");
      return last;
    },
    submit(request) {
      submitter.requests.push(request);
      return {
        answer: submitter.answer instanceof Error
          ? Promise.reject(submitter.answer)
          : Promise.resolve(submitter.answer),
        cancel: () => "done",
      };
    },
  };
  return submitter;
}
