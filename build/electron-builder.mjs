// How the application is packed and installed: `npm run package` builds for the platform that it runs on. There is no auto-update: nothing is fetched
// unasked.

import { basename } from "node:path";

/** The TensorFlow runtime that is packed, as set-up has made it for this platform; without one, the WebAssembly engine computes. */
const runtime = process.env.SIMCLR_S2_PACKED_RUNTIME;

/** @type {import("electron-builder").Configuration} */
export default {
  appId: "org.simclr-s2.studio",
  productName: "SimCLR-S2 Studio",
  copyright: "The SimCLR-S2 Studio authors, Apache-2.0",
  directories: { output: "release", buildResources: "dist/icons" },
  files: ["package.json", "LICENSE", "assets/**", "dist/node/**", "dist/renderer/**", "dist/icons/32x32.png", "!**/*.map"],
  asar: true,
  // The system's loader reads no archives: programs and what they load lie beside it.
  asarUnpack: ["**/*.node", "**/*.{so,dylib,dll}", "**/*.so.*", "node_modules/@img/**", "node_modules/@duckdb/**"],
  extraResources: runtime ? [{ from: runtime, to: `tensorflow/${basename(runtime)}` }] : [],
  // Native modules are N-API builds that fit every Electron; install scripts are off.
  npmRebuild: false,
  electronFuses: {
    runAsNode: true, // a study on several GPUs is a process of the command line for each
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  },
  protocols: [{ name: "SimCLR-S2 Studio", schemes: ["simclr-s2"] }],
  fileAssociations: [
    {
      ext: "s2study",
      name: "SimCLR-S2 study",
      description: "A study of augmentations",
      mimeType: "application/x-simclr-s2-study",
      role: "Viewer",
    },
  ],
  linux: {
    target: ["AppImage", "deb"],
    icon: "dist/icons",
    category: "Science",
    synopsis: "Which augmentations help on Sentinel-2 data",
    maintainer: "The SimCLR-S2 Studio authors",
    executableName: "simclr-s2-studio",
  },
  mac: {
    target: ["dmg"],
    icon: "dist/icons/icon.icns",
    category: "public.app-category.education",
    hardenedRuntime: true,
  },
  win: { target: ["nsis"], icon: "dist/icons/icon.ico" },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
  publish: null,
};
