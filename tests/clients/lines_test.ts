import assert from "node:assert/strict";
import { LIBRARIES } from "./_libraries.ts";
import { linesOf } from "./_lines.ts";
import { hasNode, installedPackages } from "./_packages.ts";

/** What docs/clients.md says that its lines have, or what is said below of a library. */
const AROUND = `
const token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.trial.token", key = "a key of 16 to 256";
const applicationID = "123456789012345678", host = "127.0.0.1", port = 1, ca = "";
const bot = {};
`;

Deno.test({
  name: "the lines for each library run below the imports that they come with",
  ignore: !hasNode(),
  async fn() {
    const packages = await installedPackages();
    const folder = await Deno.makeTempDir();
    await Deno.symlink(`${packages}/node_modules`, `${folder}/node_modules`);
    for (const library of LIBRARIES) {
      const lines = await linesOf(library);
      // Several versions lie beside each other under other names.
      const here = lines.replace(`"${library.name}"`, `"${library.package}"`);
      const file = `${folder}/${library.program}.mjs`;
      await Deno.writeTextFile(file, `${AROUND}${here}\nprocess.exit(0);\n`);
      const { code, stderr } = await new Deno.Command("node", { args: [file] })
        .output();
      assert.equal(code, 0, `${lines}: ${new TextDecoder().decode(stderr)}`);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
