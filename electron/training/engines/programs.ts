// What runs the steps of a training on an engine: compiled where the engine can, else as they are written.
import type { EngineInfo } from "../../../shared/domain/engine.ts";
import type { Precision } from "../../../shared/domain/run-config.ts";
import { EAGER_PROGRAMS, type Programs } from "../../../shared/learning/program.ts";
import { createCompiledPrograms } from "./compiled/program.ts";

/** By precision. The same ones each time, so that the runs of a study share their compiled steps. */
export type ProgramsOf = (precision: Precision) => Programs;

/** @param engine the one loaded in this thread */
export function createPrograms(engine: EngineInfo): ProgramsOf {
  if (engine.name !== "tensorflow") return () => EAGER_PROGRAMS;
  const made = new Map<Precision, Programs>();
  return (precision) => {
    const ownKernels = engine.device === "cpu" && engine.ownKernels === true;
    const programs = made.get(precision) ?? createCompiledPrograms({ precision, ownKernels, memoryBytes: engine.memoryBytes });
    made.set(precision, programs);
    return programs;
  };
}
