// Setting up TensorFlow on machines that lack something, and that it is all there or not at all.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Exec, Outcome } from "../../../../electron/training/engines/exec.ts";
import { findOnPath } from "../../../../electron/training/engines/exec.ts";
import { provision } from "../../../../electron/training/engines/provision.ts";
import { forgetFailure, rememberedFailure, rememberFailure } from "../../../../electron/training/engines/remembered.ts";
import { cacheFolder, openRuntime, verifyRuntime, wantedVariants } from "../../../../electron/training/engines/runtime.ts";
import { wheelsFor } from "../../../../electron/training/engines/wheels.ts";
import { AppError } from "../../../../shared/domain/errors.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "simclr-s2-provision-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const ok = (stdout = ""): Outcome => ({ code: 0, stdout, stderr: "" });
const absent: Outcome = { code: 127, stdout: "", stderr: "not found" };

/** A machine with Python 3.11, pip and c++; `answers` take precedence by the words of the command line. */
function machine(answers: Readonly<Record<string, Outcome | ((args: readonly string[]) => Promise<Outcome>)>> = {}): Exec {
  return async (command, args) => {
    const line = [command, ...args].join(" ");
    for (const [words, answer] of Object.entries(answers))
      if (line.includes(words)) return typeof answer === "function" ? answer(args) : answer;
    if (command === "python3" && line.includes("sys.version")) return ok("Python 3.11.7\n");
    if (line.includes("pip --version")) return ok("pip 23.2 from somewhere\n");
    if (command === "c++" && args[0] === "--version") return ok("c++ (Debian) 12\n");
    return absent;
  };
}

async function failureOf(attempt: Promise<unknown>): Promise<AppError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).code).toBe("ENGINE_UNAVAILABLE");
  return error as AppError;
}

describe("setting up TensorFlow says what is missing and what to install", () => {
  const on = (exec: Exec, platform = "linux-x64") => failureOf(provision({ root, exec, platform, variant: "cpu" }));

  test("without a compiler", async () => {
    const { message } = await on(machine({ "c++ --version": absent }));
    expect(message).toMatch(/No C\+\+ compiler was found: install/);
  });

  test("without Python", async () => {
    expect((await on(machine({ "python3 -c": absent }))).message).toMatch(/No Python 3 was found: install/);
  });

  test("without pip", async () => {
    expect((await on(machine({ "pip --version": { ...absent, code: 1 } }))).message).toMatch(/Python has no pip: install/);
  });

  test("without a network, and says that it may pass", async () => {
    const refused = {
      code: 1,
      stdout: "",
      stderr: "WARNING: Retrying\nERROR: No matching distribution found for tensorflow-cpu==2.20.0\n",
    };
    const error = await on(machine({ "pip download": refused }));
    expect(error.message).toMatch(/could not be downloaded with pip: check the network .*No matching distribution/);
    expect(error.data.isTransient).toBe(true);
  });

  test("on Windows and where TensorFlow publishes no build", async () => {
    expect((await on(machine(), "win32-x64")).message).toMatch(/Windows/);
    expect((await on(machine(), "linux-riscv64")).message).toMatch(/no build for linux-riscv64/);
  });

  test("when what was downloaded is not the published file", async () => {
    const download = async (args: readonly string[]) => {
      const folder = args[args.indexOf("-d") + 1]!;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "tensorflow_cpu-2.20.0.whl"), "something else");
      return ok();
    };
    expect((await on(machine({ "pip download": download }))).message).toMatch(
      /is not the published tensorflow-cpu 2.20.0: its SHA-256 differs/,
    );
  });

  test("and leaves nothing behind", async () => {
    await on(machine({ "pip download": absent }));
    expect(await readdir(root)).toEqual([]);
  });
});

describe("setting up with an installed TensorFlow", () => {
  /** A package folder as TensorFlow lays it out. */
  async function installed(): Promise<string> {
    const folder = join(root, "site-packages", "tensorflow");
    await mkdir(join(folder, "include/tensorflow/c"), { recursive: true });
    await mkdir(join(folder, "include/tensorflow/core/public"), { recursive: true });
    await writeFile(join(folder, "libtensorflow_cc.so.2"), "cc library");
    await writeFile(join(folder, "libtensorflow_framework.so.2"), "framework library");
    await writeFile(join(folder, "include/tensorflow/c/c_api.h"), "");
    const version = "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 19\n#define TF_PATCH_VERSION 1\n";
    await writeFile(join(folder, "include/tensorflow/core/public/version.h"), version);
    return folder;
  }
  const compile = async (args: readonly string[]) => {
    await writeFile(args[args.indexOf("-o") + 1]!, "binding");
    return ok();
  };
  const runtimes = () => join(root, "runtimes");

  test("compiles against it and records every file", async () => {
    const tensorflowPath = await installed();
    let commandLine: readonly string[] = [];
    const exec = machine({
      "-std=c++17": async (args) => {
        commandLine = args;
        expect(existsSync(args.find((arg) => arg.endsWith("tfjs_backend.cc"))!)).toBe(true);
        return compile(args);
      },
    });
    const runtime = await provision({ root: runtimes(), exec, tensorflowPath });
    expect(runtime).toMatchObject({ version: "2.19.1", variant: "external" });
    expect(await readFile(runtime.bindingPath, "utf8")).toBe("binding");
    expect(commandLine).toContain("-DNAPI_VERSION=8");
    expect(commandLine).toContain(`-Wl,-rpath,${tensorflowPath}`);
    expect(await verifyRuntime(runtime.folder)).toEqual([]);
    expect(await readdir(runtimes())).toHaveLength(1);
  });

  test("does without the application's own operations where they do not compile, and says so", async () => {
    const lines: string[] = [];
    const exec = machine({
      "-std=c++17": async (args) =>
        args.some((arg) => arg.endsWith("kernels.cc"))
          ? { code: 1, stdout: "", stderr: "kernels.cc:7: error: no target clones here\n" }
          : compile(args),
    });
    const options = { root: runtimes(), tensorflowPath: await installed(), log: (line: string) => lines.push(line) };
    expect(await provision({ ...options, exec })).toMatchObject({ ownKernels: false });
    expect(lines).toContainEqual(expect.stringMatching(/without the application's own operations.*no target clones here/));
    expect(await provision({ ...options, exec: machine({ "-std=c++17": compile }) })).toMatchObject({ ownKernels: true });
  });

  test("notices that a file has another size or other contents", async () => {
    const tensorflowPath = await installed();
    const runtime = await provision({ root: runtimes(), exec: machine({ "-std=c++17": compile }), tensorflowPath });
    await writeFile(join(tensorflowPath, "libtensorflow_cc.so.2"), "CC library");
    expect(await verifyRuntime(runtime.folder)).toEqual([join(tensorflowPath, "libtensorflow_cc.so.2")]);
    await writeFile(join(tensorflowPath, "libtensorflow_cc.so.2"), "shorter");
    expect(openRuntime(runtime.folder)).toMatchObject({
      kind: "absent",
      reason: expect.stringMatching(/damaged: .* has 7 bytes instead of 10/),
    });
  });

  test("says what the compiler said", async () => {
    const failed = {
      code: 1,
      stdout: "",
      stderr: "a.cc: In function\na.cc:3: fatal error: c_api.h: No such file\ncompilation terminated.\n",
    };
    const error = await failureOf(
      provision({ root: runtimes(), exec: machine({ "-std=c++17": failed }), tensorflowPath: await installed() }),
    );
    expect(error.message).toMatch(/did not compile with c\+\+: a.cc:3: fatal error: c_api.h/);
    expect(await readdir(runtimes())).toEqual([]);
  });

  test("two at once end with one whole runtime", async () => {
    const tensorflowPath = await installed();
    const exec = machine({ "-std=c++17": compile });
    const both = await Promise.all([1, 2].map(() => provision({ root: runtimes(), exec, tensorflowPath })));
    expect(both[0]).toEqual(both[1]);
    expect(await readdir(runtimes())).toHaveLength(1);
  });

  test("sweeps what a killed set-up left, and takes over its lock", async () => {
    const tensorflowPath = await installed();
    await mkdir(join(runtimes(), ".making-999999999-abcd"), { recursive: true });
    const exec = machine({ "-std=c++17": compile });
    const { folder } = await provision({ root: runtimes(), exec, tensorflowPath });
    await rm(folder, { recursive: true });
    await writeFile(`${folder}.lock`, "999999999");
    await provision({ root: runtimes(), exec, tensorflowPath });
    expect(await readdir(runtimes())).toHaveLength(1);
  });

  test("refuses a folder without TensorFlow", async () => {
    const error = await failureOf(provision({ root: runtimes(), exec: machine(), tensorflowPath: root }));
    expect(error.message).toMatch(/neither a TensorFlow package folder nor a Python environment/);
  });
});

describe("a failed set-up is remembered", () => {
  test("until the tools on PATH change, or a day after a network failure", async () => {
    process.env.XDG_CACHE_HOME = root;
    const path = process.env.PATH;
    try {
      rememberFailure("cpu", new AppError("ENGINE_UNAVAILABLE", "no network", { data: { isTransient: true } }), 1000);
      expect(rememberedFailure("cpu", 2000)?.reason).toBe("no network");
      expect(rememberedFailure("cpu", 1000 + 25 * 3600_000)).toBeUndefined();
      process.env.PATH = root;
      expect(rememberedFailure("cpu", 2000)).toBeUndefined();
      process.env.PATH = path;
      forgetFailure("cpu");
      expect(rememberedFailure("cpu", 2000)).toBeUndefined();
    } finally {
      process.env.PATH = path;
      delete process.env.XDG_CACHE_HOME;
    }
  });
});

test("each platform's wheel is pinned by its SHA-256", () => {
  for (const key of ["cpu linux-x64", "gpu linux-x64", "cpu linux-arm64", "cpu darwin-arm64"] as const) {
    const [variant, platform] = key.split(" ") as ["cpu" | "gpu", string];
    const wheels = wheelsFor(variant, platform)!;
    for (const wheel of [wheels.tensorflow, ...wheels.cuda]) expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(wheels.cuda.length > 0).toBe(variant === "gpu");
  }
});

test("the cache is where each platform keeps caches", () => {
  expect(cacheFolder({ HOME: "/home/u" }, "linux")).toBe("/home/u/.cache/simclr-s2-studio");
  expect(cacheFolder({ HOME: "/home/u", XDG_CACHE_HOME: "/x" }, "linux")).toBe("/x/simclr-s2-studio");
  expect(cacheFolder({ HOME: "/Users/u" }, "darwin")).toBe("/Users/u/Library/Caches/simclr-s2-studio");
});

test("a GPU's runtime is wanted only where there is one", () => {
  expect(wantedVariants(true)).toEqual(["external", "gpu", "cpu"]);
  expect(wantedVariants(false)).toEqual(["external", "cpu"]);
});

test("programs are found by PATH, in the order asked for", async () => {
  await writeFile(join(root, "tool"), "", { mode: 0o755 });
  await writeFile(join(root, "text"), "", { mode: 0o644 });
  expect(findOnPath(["other", "tool"], `/nowhere:${root}`)).toBe(join(root, "tool"));
  expect(findOnPath(["text"], root)).toBeUndefined();
});
