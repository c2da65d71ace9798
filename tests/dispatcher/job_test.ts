import assert from "node:assert/strict";
import { CallerTicket } from "../../rest/dispatcher/answering/ticket.ts";
import { Job } from "../../rest/dispatcher/job.ts";
import { requestOf } from "./_builders.ts";

const HANDLER = { callerLeft() {}, takeBack: () => "done" as const };
const PATH = "/channels/1/messages";

Deno.test("Job.shareNamesWith() takes the names of an earlier write of the path, and nothing else", () => {
  const earlier = jobOf(1, requestOf("POST", { path: PATH, text: "one" }));
  const later = jobOf(2, requestOf("POST", { path: PATH, text: "two" }));
  const { request } = later;
  later.shareNamesWith(earlier);
  assert.equal(later.request.target, earlier.request.target);
  assert.equal(later.request.route, earlier.request.route);
  assert.deepEqual(later.request, request);
  assert.equal(later.tickets[0]?.request, later.request);
});

Deno.test("Job.shareNamesWith() takes nothing of another method, query or version of the path", () => {
  const { target } = requestOf("POST", { path: PATH });
  for (
    const other of [
      requestOf("PATCH", { path: PATH }),
      requestOf("POST", { target: { ...target, query: "?wait=true" } }),
      requestOf("POST", { target: { ...target, version: 9 } }),
    ]
  ) {
    const later = jobOf(2, requestOf("POST", { path: PATH }));
    const { request } = later;
    later.shareNamesWith(jobOf(1, other));
    assert.equal(later.request, request);
  }
});

Deno.test("Job.shareNamesWith() takes nothing of the same deletion when the message has grown older", () => {
  const request = requestOf("DELETE", { path: `${PATH}/2` });
  const route = { ...request.route, key: `${request.route.label} old` };
  const later = jobOf(2, request);
  later.shareNamesWith(jobOf(1, { ...request, route }));
  assert.equal(later.request, request);
});

Deno.test("Job.tickets are those who wait, in the order they came", () => {
  const job = jobOf(1, requestOf());
  const [first] = job.tickets;
  const [second, third] = [newTicket(requestOf()), newTicket(requestOf())];
  job.attach(second);
  job.attach(third);
  assert.deepEqual(job.tickets, [first, second, third]);
  if (first !== undefined) job.detach(first);
  assert.deepEqual(job.tickets, [second, third]);
  job.detach(third);
  job.detach(third);
  assert.deepEqual(job.tickets, [second]);
  job.detach(second);
  assert.deepEqual(job.tickets, []);
  job.attach(third);
  assert.deepEqual(job.tickets, [third]);
});

type Request = ReturnType<typeof requestOf>;

function jobOf(id: number, request: Request): Job {
  return new Job(id, newTicket(request), 0);
}

function newTicket(request: Request): CallerTicket {
  return new CallerTicket(request, HANDLER);
}
