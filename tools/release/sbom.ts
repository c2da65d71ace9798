import type { PackageInfo } from "../packages_of.ts";
import { Enums, Models, Serialize, Spec } from "./deps.ts";

/** A package as the bill of materials names it. */
export interface Material extends PackageInfo {
  /** Its SPDX name. */
  readonly license: string;
  /** As `deno.lock` has it: `sha512-` and base64. */
  readonly integrity: string;
}

/** The bill of materials of the package `sluice`, as CycloneDX JSON. */
export function sbomOf(
  version: string,
  materials: readonly Material[],
): string {
  const bom = new Models.Bom();
  const sluice = new Models.Component(
    Enums.ComponentType.Application,
    "sluice",
    { version, bomRef: `sluice@${version}`, purl: purlOf("sluice", version) },
  );
  bom.metadata.component = sluice;
  const components = new Map(
    materials.map((material) => [idOf(material), componentOf(material)]),
  );
  for (const material of materials) {
    const component = components.get(idOf(material));
    if (component === undefined) continue;
    bom.components.add(component);
    // All of them are in the one file.
    sluice.dependencies.add(component.bomRef);
    for (const id of material.dependencies) {
      const needed = components.get(id);
      if (needed !== undefined) component.dependencies.add(needed.bomRef);
    }
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  const text = new Serialize.JsonSerializer(factory)
    .serialize(bom, { sortLists: true, space: 2 });
  return `${text}\n`;
}

function componentOf(material: Material): Models.Component {
  const { name, version, license, integrity } = material;
  const [own = "", group] = name.split("/").reverse();
  const digest = Uint8Array.fromBase64(integrity.replace("sha512-", ""));
  return new Models.Component(Enums.ComponentType.Library, own, {
    ...group !== undefined && { group },
    version,
    bomRef: idOf(material),
    purl: purlOf(name, version),
    hashes: new Models.HashDictionary([
      [Enums.HashAlgorithm["SHA-512"], digest.toHex()],
    ]),
    licenses: new Models.LicenseRepository([new Models.SpdxLicense(license)]),
  });
}

function idOf({ name, version }: PackageInfo): string {
  return `${name}@${version}`;
}

function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}
