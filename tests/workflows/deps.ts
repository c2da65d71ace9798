/** The package only tests of workflows need; it is bundled before it runs, since it imports JSON as only bundlers do. */

// Whether GitHub takes a workflow.
export {
  convertWorkflowTemplate,
  NoOperationTraceWriter,
  parseWorkflow,
} from "npm:@actions/workflow-parser@0.3.61";
