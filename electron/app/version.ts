// The application's version, out of package.json (inlined by the bundler).
import manifest from "../../package.json" with { type: "json" };

export const version: string = manifest.version;
