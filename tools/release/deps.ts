/** Packages only a release needs, one line each on what it is for. */

// Writes the bill of materials.
export {
  Enums,
  Models,
  Serialize,
  Spec,
} from "npm:@cyclonedx/cyclonedx-library@10.3.0";
