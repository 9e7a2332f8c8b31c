// Compiles programs: their functions are recorded into one graph over resource variables, which a session of TensorFlow holds and runs.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { TensorMetadata } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js";
import type { Precision } from "../../../../shared/domain/run-config.ts";
import type { Parameters } from "../../../../shared/learning/parameters.ts";
import type { Program, ProgramFunction, ProgramFunctions, Programs, Tensors } from "../../../../shared/learning/program.ts";
import { isOutOfMemory, memoryError } from "../memory-error.ts";
import { multiplyGradients } from "./filter-gradients.ts";
import type { Graph, GraphNode, TensorSpec } from "./graph.ts";
import { type MemoryNeed, memoryNeed, totalBytes } from "./memory.ts";
import { lowerPrecision } from "./mixed-precision.ts";
import { type NativeBackend, nativeBackend } from "./native-backend.ts";
import { useOwnKernels } from "./own-kernels.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { encodeSavedModel, TAG } from "./saved-model.ts";

/** What a function of the graph takes and gives. */
interface Signature {
  readonly inputs: readonly { readonly name: string; readonly tensor: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly tensor: string }[];
  /** Runs all that the function changes; fetched where it has no other result. */
  readonly done: string;
}

interface Recorded {
  readonly graph: Graph;
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly variables: readonly string[];
  /** What each of the program's own functions takes. */
  readonly needs: ReadonlyMap<string, MemoryNeed>;
}

const READ = "read";
const WRITE = "write";

/** Programs that stay loaded when they are no longer used, for the next run of the same shape. */
const KEPT_SESSIONS = 2;

export interface CompiledOptions {
  /** Of convolutions and what follows them (mixed-precision.ts). */
  readonly precision: Precision;
  /** Whether the graph may use the operations of native/kernels.cc, which are the processor's. */
  readonly ownKernels?: boolean;
  /** All that the device has. A program that takes more is refused before it runs. */
  readonly memoryBytes?: number | undefined;
}

/**
 * Compiles programs on the backend in use and keeps the last ones, so that the runs of a study share a graph. Building one, and running it,
 * throws AppError OUT_OF_MEMORY where the device has too little.
 */
export function createCompiledPrograms({ precision, ownKernels = false, memoryBytes }: CompiledOptions): Programs & { dispose(): void } {
  const backend = nativeBackend();
  const idle = new Map<string, number>();

  const build = <Name extends string>(functions: ProgramFunctions<Name>, state: Parameters): Program<Name> => {
    const recorded = record(backend, functions, state, { precision, ownKernels });
    for (const need of recorded.needs.values()) if (totalBytes(need) > (memoryBytes ?? Infinity)) throw memoryError({ need, memoryBytes });
    const bytes = encodeSavedModel(recorded.graph.nodes);
    const key = createHash("sha256").update(bytes).digest("hex");
    const session = idle.get(key) ?? load(backend, bytes);
    idle.delete(key);
    const program = createProgram<Name>(backend, session, { ...recorded, memoryBytes }, () => {
      if (idle.has(key)) return backend.binding.deleteSavedModel(session); // its twin was in use beside it
      idle.set(key, session);
      for (const [oldest, unused] of idle) {
        if (idle.size <= KEPT_SESSIONS) break;
        backend.binding.deleteSavedModel(unused);
        idle.delete(oldest);
      }
    });
    program.write(state);
    return program;
  };

  return {
    areCompiled: true,
    build,
    dispose() {
      for (const session of idle.values()) backend.binding.deleteSavedModel(session);
      idle.clear();
    },
  };
}

function createProgram<Name extends string>(
  backend: NativeBackend,
  session: number,
  { signatures, variables, needs, memoryBytes }: Omit<Recorded, "graph"> & Pick<CompiledOptions, "memoryBytes">,
  release: () => void,
): Program<Name> {
  let isReleased = false;

  function runSession(name: string, given: readonly tf.Tensor[], { inputs }: Signature, fetches: readonly string[]): TensorMetadata[] {
    try {
      const feeds = inputs.map(({ tensor }) => tensor).join();
      return backend.binding.runSavedModel(session, backend.getInputTensorIds(given), feeds, fetches.join());
    } catch (error) {
      throw isOutOfMemory(error) ? memoryError({ need: needs.get(name), memoryBytes, cause: error }) : error;
    }
  }

  function run(name: string, inputs: Tensors): Tensors {
    const signature = signatures.get(name);
    if (!signature) throw new Error(`the program has no function ${name}`);
    const given = signature.inputs.map(({ name: input, shape }) => {
      const tensor = inputs[input];
      if (!tensor || tensor.shape.join() !== shape.join())
        throw new Error(`${name} takes ${input} of [${shape.join(", ")}], not ${tensor ? `of [${tensor.shape.join(", ")}]` : "none"}`);
      return tensor;
    });
    const fetches = signature.outputs.length > 0 ? signature.outputs.map(({ tensor }) => tensor) : [signature.done];
    const results = runSession(name, given, signature, fetches).map((metadata) => backend.createOutputTensor(metadata));
    if (signature.outputs.length === 0) tf.dispose(results);
    return Object.fromEntries(signature.outputs.map(({ name: output }, i) => [output, results[i]!]));
  }

  return {
    run,
    read() {
      const values = run(READ, {});
      return new Map(variables.map((name, i) => [name, values[`${i}`]!]));
    },
    write(state) {
      run(WRITE, Object.fromEntries(variables.map((name, i) => [`${i}`, state.get(name)!])));
    },
    dispose() {
      if (!isReleased) release();
      isReleased = true;
    },
  };
}

/** What one function of a program would take, told by recording it: nothing is computed. */
export function memoryNeedOf(definition: ProgramFunction, state: Parameters, precision: Precision): MemoryNeed {
  return record(nativeBackend(), { only: definition }, state, { precision }).needs.get("only")!;
}

function record(
  backend: NativeBackend,
  functions: ProgramFunctions<string>,
  state: Parameters,
  { precision, ownKernels }: CompiledOptions,
): Recorded {
  const recorder = createRecorder(backend);
  const variables = createVariables(recorder, state);
  const signatures = new Map<string, Signature>();
  for (const [name, definition] of Object.entries(functions)) signatures.set(name, recordFunction(recorder, name, definition, variables));
  signatures.set(READ, recordRead(recorder, variables));
  signatures.set(WRITE, recordWrite(recorder, variables));
  const rewritten = precision === "bf16" ? multiplyGradients(lowerPrecision(recorder.graph)) : recorder.graph;
  const graph = ownKernels ? useOwnKernels(rewritten) : rewritten;
  const resultsOf = ({ outputs, done }: Signature) => [...outputs.map(({ tensor }) => tensor), done];
  const needs = new Map(Object.keys(functions).map((name) => [name, memoryNeed(graph, resultsOf(signatures.get(name)!))]));
  return { graph, signatures, variables: [...variables.keys()], needs };
}

/** A resource variable for each tensor of the state. */
interface Variable {
  readonly handle: string;
  readonly spec: TensorSpec;
}

function createVariables({ add }: Recorder, state: Parameters): Map<string, Variable> {
  return new Map(
    Array.from(state, ([name, { shape, dtype }], i) => {
      const spec: TensorSpec = { shape, dtype: dtype as TensorSpec["dtype"] };
      const attributes: GraphNode["attributes"] = {
        dtype: { kind: "type", value: spec.dtype },
        shape: { kind: "shape", value: shape },
        shared_name: { kind: "text", value: `variable_${i}` },
        container: { kind: "text", value: "" },
      };
      const [handle] = add("VarHandleOp", [], attributes, [{ shape: [], dtype: "resource" }], `variable_${i}`);
      return [name, { handle: handle!, spec }];
    }),
  );
}

const typed = ({ dtype }: TensorSpec) => ({ dtype: { kind: "type", value: dtype } }) as const;

function addRead({ add }: Recorder, { handle, spec }: Variable, name: string): string {
  return add("ReadVariableOp", [handle], typed(spec), [spec], name)[0]!;
}

function addPlaceholder({ add }: Recorder, spec: TensorSpec, name: string): string {
  return add("Placeholder", [], { ...typed(spec), shape: { kind: "shape", value: spec.shape } }, [spec], name)[0]!;
}

/** A result by a name of its own, given once everything in `after` has run. */
function addResult({ add, graph }: Recorder, tensor: string, name: string, after: readonly string[]): string {
  const spec = graph.tensors.get(tensor)!;
  const attributes: GraphNode["attributes"] = { T: { kind: "type", value: spec.dtype } };
  return add("Identity", [tensor, ...after.map((node) => `^${node}`)], attributes, [spec], name)[0]!;
}

function addDone(recorder: Recorder, name: string, after: readonly string[]): string {
  const spec: TensorSpec = { shape: [], dtype: "float32" };
  const value = { kind: "tensor", value: { ...spec, bytes: new Uint8Array(4) } } as const;
  return recorder.add(
    "Const",
    after.map((node) => `^${node}`),
    { ...typed(spec), value },
    [spec],
    name,
  )[0]!;
}

function recordFunction(
  recorder: Recorder,
  name: string,
  definition: ProgramFunction,
  variables: ReadonlyMap<string, Variable>,
): Signature {
  const names = [...variables.keys()];
  const reads = names.map((variable, i) => addRead(recorder, variables.get(variable)!, `${name}/read_${i}`));
  const inputs = Object.entries(definition.inputs).map(([input, spec], i) => ({
    name: input,
    shape: spec.shape,
    tensor: addPlaceholder(recorder, spec, `${name}/input_${i}`),
  }));
  let outputNames: string[] = [];
  let changedNames: string[] = [];
  const results = recorder.record(name, [...reads, ...inputs.map(({ tensor }) => tensor)], (tensors) => {
    const state = new Map(names.map((variable, i) => [variable, tensors[i]!]));
    const given = Object.fromEntries(inputs.map(({ name: input }, i) => [input, tensors[names.length + i]!]));
    const { outputs, state: changed = new Map<string, tf.Tensor>() } = definition.run(state, given);
    outputNames = Object.keys(outputs);
    changedNames = [...changed.keys()];
    return [...Object.values(outputs), ...changed.values()];
  });
  const changes = changedNames.map((variable, i) => {
    const place = names.indexOf(variable);
    return { variable: variables.get(variable)!, read: reads[place]!, value: results[outputNames.length + i]! };
  });
  const after = addChanges(recorder, name, changes);
  const outputs = outputNames.map((output, i) => ({
    name: output,
    tensor: addResult(recorder, results[i]!, `${name}/output_${i}`, after),
  }));
  return { inputs, outputs, done: addDone(recorder, `${name}/done`, after) };
}

interface Change {
  readonly variable: Variable;
  /** The variable's value before. */
  readonly read: string;
  readonly value: string;
}

/** Operations that a kernel records in place of an optimiser's arithmetic: their results are new values of their first inputs. */
const IN_PLACE: Readonly<Record<string, { readonly op: string; readonly slots: number }>> = {
  ApplyAdam: { op: "ResourceApplyAdam", slots: 3 },
  ApplyMomentum: { op: "ResourceApplyMomentum", slots: 2 },
};

/** Assigns new values to variables. @returns the nodes that do it */
function addChanges(recorder: Recorder, name: string, changes: readonly Change[]): string[] {
  const { graph, add } = recorder;
  const after: string[] = [];
  const variableOf = new Map(changes.map((change) => [change.read, change]));
  const isDone = new Set<Change>();
  for (const [place, node] of graph.nodes.entries()) {
    const rule = IN_PLACE[node.op];
    if (!rule || !node.name.startsWith(`${name}/`)) continue;
    const own = node.inputs.slice(0, rule.slots).map((tensor) => variableOf.get(tensor));
    if (own.some((change, i) => change?.value !== `${node.name}:${i}`))
      throw new Error(`${node.op} must take variables and give their new values`);
    const handles = own.map((change) => change!.variable.handle);
    const attributes: GraphNode["attributes"] = {
      ...node.attributes,
      T: { kind: "type", value: "float32" },
      use_locking: { kind: "bool", value: false },
    };
    graph.nodes[place] = { ...node, op: rule.op, inputs: [...handles, ...node.inputs.slice(rule.slots)], attributes };
    for (const change of own) isDone.add(change!);
    after.push(node.name);
  }
  changes.forEach((change, i) => {
    if (isDone.has(change) || change.value === change.read) return;
    const node = `${name}/assign_${i}`;
    add("AssignVariableOp", [change.variable.handle, change.value, `^${change.read.split(":")[0]}`], typed(change.variable.spec), [], node);
    after.push(node);
  });
  return after;
}

function recordRead(recorder: Recorder, variables: ReadonlyMap<string, Variable>): Signature {
  const outputs = Array.from(variables.values(), (variable, i) => ({ name: `${i}`, tensor: addRead(recorder, variable, `${READ}/${i}`) }));
  return { inputs: [], outputs, done: addDone(recorder, `${READ}/done`, []) };
}

function recordWrite(recorder: Recorder, variables: ReadonlyMap<string, Variable>): Signature {
  const all = [...variables.values()];
  const inputs = all.map(({ spec }, i) => ({
    name: `${i}`,
    shape: spec.shape,
    tensor: addPlaceholder(recorder, spec, `${WRITE}/input_${i}`),
  }));
  const assigns = all.map(({ handle, spec }, i) => {
    // A copy: what is given may lie in an array of JavaScript's, and a variable is changed in place.
    const [copy] = recorder.add("DeepCopy", [inputs[i]!.tensor], { T: typed(spec).dtype }, [spec], `${WRITE}/copy_${i}`);
    recorder.add("AssignVariableOp", [handle, copy!], typed(spec), [], `${WRITE}/assign_${i}`);
    return `${WRITE}/assign_${i}`;
  });
  return { inputs, outputs: [], done: addDone(recorder, `${WRITE}/done`, assigns) };
}

/** Gives the graph to TensorFlow, which takes graphs from files only. */
function load({ binding }: NativeBackend, bytes: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), "simclr-s2-graph-"));
  try {
    mkdirSync(join(folder, "variables"));
    writeFileSync(join(folder, "saved_model.pb"), bytes);
    return binding.loadSavedModel(folder, TAG);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
