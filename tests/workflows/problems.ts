/** Prints what GitHub's own reader of workflows finds wrong with one, as JSON: a program, bundled and run by its test. */
import {
  convertWorkflowTemplate,
  NoOperationTraceWriter,
  parseWorkflow,
} from "./deps.ts";

const [path = ""] = Deno.args;
const file = { name: path, content: Deno.readTextFileSync(path) };
const { context, value } = parseWorkflow(file, new NoOperationTraceWriter());
const problems = context.errors.getErrors().map(({ message }) => message);
if (value !== undefined && problems.length === 0) {
  const { errors = [] } = await convertWorkflowTemplate(context, value);
  problems.push(...errors.map(({ Message }) => Message));
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(problems)));
