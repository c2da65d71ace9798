/**
 * The house rules, enforced by `deno lint`: a rule that no machine checks is
 * only a wish. Each rule is a file in `house_rules/`, and each has tests that
 * feed it a breach and a clean example.
 */
import { docstrings } from "./house_rules/docstrings.ts";
import { fileLength } from "./house_rules/file_length.ts";
import { functionLength } from "./house_rules/function_length.ts";
import { importDirection } from "./house_rules/import_direction.ts";
import { packagesOnlyInDeps } from "./house_rules/packages_only_in_deps.ts";
import { pureModules } from "./house_rules/pure_modules.ts";
import { claimNames } from "./house_rules/claim_names.ts";

export default {
  name: "house",
  rules: {
    "import-direction": importDirection,
    "packages-only-in-deps": packagesOnlyInDeps,
    "pure-modules": pureModules,
    "function-length": functionLength,
    "file-length": fileLength,
    "claim-names": claimNames,
    "docstrings": docstrings,
  },
} satisfies Deno.lint.Plugin;
