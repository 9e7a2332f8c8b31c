// `serve`: the application for a browser.
import { spawn } from "node:child_process";
import { Command, Option } from "commander";
import { createHost } from "../app/host.ts";
import { serve } from "../serve.ts";
import { type CommonOptions, runCommand, withCommonFlags, workspacePath } from "./context.ts";

/** Opens the address in the user's browser, if one answers. */
function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === "darwin" ? ["open", url] : process.platform === "win32" ? ["cmd", "/c", "start", "", url] : ["xdg-open", url];
  spawn(command!, args, { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("serve the application to a browser on this machine (127.0.0.1 only; over SSH, tunnel the port)")
    .addOption(new Option("--port <NUMBER>", "TCP port; 0 takes a free one").argParser(Number).default(4127))
    .option("--open", "open it in the browser");
  return withCommonFlags(command, { workspace: true }).action((options: CommonOptions & { port: number; open?: boolean }) =>
    runCommand(options, async ({ signal, print, note }) => {
      const host = await createHost({ workspace: workspacePath(options), door: "serve" });
      const door = await serve({ host, port: options.port });
      print({ url: door.url }, () => `SimCLR-S2 Studio: ${door.url}`);
      note(`Workspace ${host.workspace.value.path}. Ctrl-C ends it; running work is paused and goes on at the next start.`);
      if (options.open) openBrowser(door.url);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await door.close();
      await host.close();
    }),
  );
}
