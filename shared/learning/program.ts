// A program: functions over a state that stays on the device between calls. Training, evaluation and feature extraction are written as
// programs, so that an engine may compile them; without a compiler they run as they are written.
import * as tf from "@tensorflow/tfjs-core";
import { cloneAll, disposeAll, type Parameters } from "./parameters.ts";

export type Tensors = Readonly<Record<string, tf.Tensor>>;

export interface TensorSpecification {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
}

/** A pure function of tensors: no read-back, no branch on data, no random numbers but from seeds among its inputs. */
export interface ProgramFunction {
  readonly inputs: Readonly<Record<string, TensorSpecification>>;
  /** @returns results by name, and the new values of what it changes of the state */
  run(state: Parameters, inputs: Tensors): { readonly outputs: Tensors; readonly state?: Parameters };
}

export type ProgramFunctions<Name extends string> = Readonly<Record<Name, ProgramFunction>>;

export interface Program<Name extends string = string> {
  /** @returns the results; the caller frees them and its inputs */
  run(name: Name, inputs: Tensors): Tensors;
  /** Copies of the state's tensors; the caller frees them. */
  read(): Map<string, tf.Tensor>;
  /** Replaces the state by copies of these tensors, by the same names and shapes. */
  write(state: Parameters): void;
  dispose(): void;
}

/** What makes programs. */
export interface Programs {
  /** Whether functions are recorded once and replayed: then what an input decides, a branch of the record decides (`ops/when.ts`). */
  readonly areCompiled: boolean;
  /** A program of functions, and of a state that it copies. */
  build<Name extends string>(functions: ProgramFunctions<Name>, state: Parameters): Program<Name>;
}

/** Runs functions as they are written, an operation at a time. */
export const EAGER_PROGRAMS: Programs = { areCompiled: false, build: buildEagerProgram };

function buildEagerProgram<Name extends string>(functions: ProgramFunctions<Name>, initial: Parameters): Program<Name> {
  let state = cloneAll(initial);

  return {
    run(name, inputs) {
      const outputNames: string[] = [];
      const changedNames: string[] = [];
      // `tidy` looks for its results in arrays, not in maps.
      const results = tf.tidy(() => {
        const { outputs, state: changed = new Map<string, tf.Tensor>() } = functions[name].run(state, inputs);
        outputNames.push(...Object.keys(outputs));
        changedNames.push(...changed.keys());
        return [...Object.values(outputs), ...changed.values()].map((tensor) => tensor.clone());
      });
      changedNames.forEach((changed, i) => {
        state.get(changed)?.dispose();
        state.set(changed, results[outputNames.length + i]!);
      });
      return Object.fromEntries(outputNames.map((output, i) => [output, results[i]!]));
    },
    read: () => cloneAll(state),
    write(given) {
      const before = state;
      state = cloneAll(given);
      disposeAll(before);
    },
    dispose() {
      disposeAll(state);
      state = new Map();
    },
  };
}
