// The command line: the same application, headless.
import { Command, CommanderError } from "commander";
import { version } from "./app/version.ts";
import { benchCommand } from "./commands/bench.ts";
import { EXIT } from "./commands/context.ts";
import { ingestCommand, sampleCommand, scanCommand, tileCommand, tilesCommand } from "./commands/data.ts";
import { dataCommand } from "./commands/dataset.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { labelCommand } from "./commands/label.ts";
import { finetuneCommand, pretrainCommand } from "./commands/runs.ts";
import { sampleProjectCommand } from "./commands/sample-project.ts";
import { serveCommand } from "./commands/serve.ts";
import { studyCommand } from "./commands/study.ts";

const program = new Command("simclr-s2")
  .description("SimCLR-S2 Studio: contrastive pretraining on Sentinel-2, and a study of which augmentations help")
  .version(version)
  .configureHelp({ showGlobalOptions: true })
  .enablePositionalOptions()
  .showHelpAfterError("Add --help for the options.");

const commands = [
  doctorCommand(),
  benchCommand(),
  sampleCommand(),
  scanCommand(),
  ingestCommand(),
  labelCommand(),
  tilesCommand(),
  tileCommand(),
  dataCommand(),
  studyCommand(),
  pretrainCommand(),
  finetuneCommand(),
  serveCommand(),
  sampleProjectCommand(),
  demoCommand(),
];
/** Wrong usage leaves with 2 wherever it is found (commander's own is 1), and a command's flags are its own, also where its parent has the same. */
const strict = (command: Command): void => {
  command.exitOverride().enablePositionalOptions();
  for (const child of command.commands) strict(child);
};
for (const command of commands) program.addCommand(command);
strict(program);

// `tiles | head` closes our output before all is written: nobody is left to tell.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.done);
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
