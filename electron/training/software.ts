// Versions for a run's record.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { version_core } from "@tensorflow/tfjs-core";
import type { EngineInfo } from "../../shared/domain/engine.ts";

/** What a run was computed with. */
export function softwareVersions(engine: EngineInfo): Record<string, string> {
  return {
    application: applicationVersion(),
    node: process.versions.node,
    "tfjs-core": version_core,
    [engine.name]: engine.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

// The package.json above this module, wherever it was bundled to.
function applicationVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string; version?: string };
      if (name === "simclr-s2-studio" && version) return version;
    } catch {
      // none here
    }
  }
  return "unknown";
}
