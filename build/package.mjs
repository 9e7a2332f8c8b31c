// `npm run package`: sets up, then packs the application for this platform by electron-builder, with the TensorFlow runtime that is in use here.
// Arguments go to electron-builder, such as --dir.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root, run, say, setup } from "./setup.mjs";

await setup(["--quiet"]);
const where = execFileSync(process.execPath, [join(root, "dist", "node", "setup-tensorflow.js"), "--where"], { encoding: "utf8" }).trim();
say(
  where
    ? `The TensorFlow runtime in ${where} is packed.`
    : "No TensorFlow runtime is set up: the package computes on the WebAssembly engine.",
);
if (where) process.env.SIMCLR_S2_PACKED_RUNTIME = where;
const builder = join(dirname(createRequire(import.meta.url).resolve("electron-builder/package.json")), "cli.js");
process.exitCode = await run(process.execPath, [
  builder,
  "--config",
  join(root, "build", "electron-builder.mjs"),
  ...process.argv.slice(2),
]);
