// Reads credentials with another implementation of C2PA (pure TypeScript) and prints, for each file, the codes
// of its validation. Lies in a folder with the package when it runs: node read_elsewhere.mjs FILE...

import { readFile } from "node:fs/promises";
import { JPEG, PNG } from "@trustnxt/c2pa-ts/asset";
import { SuperBox } from "@trustnxt/c2pa-ts/jumbf";
import { ManifestStore, ValidationResult } from "@trustnxt/c2pa-ts/manifest";

const told = {};
for (const file of process.argv.slice(2)) {
  const data = await readFile(file);
  const asset = PNG.canRead(data) ? new PNG(data) : new JPEG(data);
  const jumbf = await asset.getManifestJUMBF();
  if (!jumbf) {
    told[file] = { found: false };
    continue;
  }
  let result;
  try {
    result = await ManifestStore.read(SuperBox.fromBuffer(jumbf)).validate(asset);
  } catch (error) {
    result = ValidationResult.fromError(error);
  }
  told[file] = {
    found: true,
    valid: result.isValid,
    codes: result.statusEntries.map((entry) => ({ code: entry.code, success: entry.success })),
  };
}
process.stdout.write(JSON.stringify(told));
