// `doctor`: which engine runs here, why not a better one, and what to install.
import { Command } from "commander";
import type { EngineReport } from "../../shared/domain/engine.ts";
import { diagnose } from "../training/engines/doctor.ts";
import { type CommonOptions, runCommand, withCommonFlags } from "./context.ts";

const MARKS = { ok: "ok     ", info: "       ", missing: "missing", problem: "problem" } as const;

function text({ engine, checks }: EngineReport): string {
  const lines = [
    `Engine: ${engine.name} ${engine.version} on ${engine.device}, ${engine.threads} ${engine.threads === 1 ? "thread" : "threads"}`,
  ];
  if (engine.reason) lines.push(engine.reason);
  lines.push("");
  for (const check of checks) {
    lines.push(`${MARKS[check.status]}  ${check.name}: ${check.detail}`);
    if (check.advice) lines.push(`         ${check.advice}`);
  }
  return lines.join("\n");
}

export function doctorCommand(): Command {
  const command = new Command("doctor").description("tell which compute engine runs here, why not a better one, and what to install");
  return withCommonFlags(command, { workspace: false }).action((options: CommonOptions) =>
    runCommand(options, async ({ print }) => {
      const report = await diagnose();
      print(report, () => text(report));
    }),
  );
}
