// What runs the steps of a training on an engine: compiled where the engine can, else as they are written.
import type { EngineInfo } from "../../../shared/domain/engine.ts";
import { EAGER_PROGRAMS, type Programs } from "../../../shared/learning/program.ts";
import { createCompiledPrograms } from "./compiled/program.ts";

/** @param engine the one loaded in this thread */
export function createPrograms(engine: EngineInfo): Programs {
  return engine.name === "tensorflow" ? createCompiledPrograms({ precision: "f32" }) : EAGER_PROGRAMS;
}
