import assert from "node:assert/strict";
import { telemetryProblems } from "../../rest/config/telemetry.ts";

Deno.test("telemetry of the runtime is refused exactly where it would trace", () => {
  const said = [undefined, "", "true", "1", " TRUE ", "false", "0", "2"];
  for (const on of said) {
    for (const tracing of said) {
      const env = { OTEL_DENO: on, OTEL_DENO_TRACING: tracing };
      const isOn = ["true", "1", " TRUE "].includes(on ?? "");
      const isOff = ["false", "0"].includes(tracing ?? "");
      const problems = telemetryProblems(env);
      assert.equal(
        problems.length,
        isOn && !isOff ? 1 : 0,
        String([on, tracing]),
      );
    }
  }
});

Deno.test("the refusal of telemetry names the line to use", () => {
  const [problem = ""] = telemetryProblems({ OTEL_DENO: "true" });
  assert.match(problem, /set OTEL_DENO_TRACING=false/);
});
