/** Packages only tests of `ops/` and of a release need, one line each on what it is for. */

// Reading manifests, compose files and workflows.
export { parse } from "npm:yaml@2.9.1";

// Whether Kubernetes takes a manifest.
export { Deployment } from "npm:kubernetes-models@5.1.0/apps/v1/Deployment";
export { PersistentVolumeClaim } from "npm:kubernetes-models@5.1.0/v1/PersistentVolumeClaim";
export { Service } from "npm:kubernetes-models@5.1.0/v1/Service";
export { PodDisruptionBudget } from "npm:kubernetes-models@5.1.0/policy/v1/PodDisruptionBudget";

// Whether a bill of materials is one, by CycloneDX's own schema, with what the package asks for to read it.
export { Spec, Validation } from "npm:@cyclonedx/cyclonedx-library@10.3.0";
import "npm:ajv@8.20.0";
import "npm:ajv-formats@3.0.1";
import "npm:ajv-formats-draft2019@1.6.1";
