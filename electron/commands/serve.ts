// `serve`: the application for a browser.
import { spawn } from "node:child_process";
import { Command } from "commander";
import { z } from "zod";
import { openStudio } from "../app/studio.ts";
import { addFlags } from "../flags.ts";
import { type CommonOptions, runCommand, withCommonFlags, workspacePath } from "./context.ts";

const ServeFlags = z.strictObject({ port: z.int().min(0).max(65_535).default(4127).describe("TCP port; 0 takes a free one") });

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
    .option("--open", "open it in the browser");
  const read = addFlags(command, ServeFlags);
  return withCommonFlags(command, { workspace: true }).action((options: CommonOptions & Record<string, unknown> & { open?: boolean }) =>
    runCommand(options, async ({ signal, print, note }) => {
      const { port } = ServeFlags.parse(read(options));
      const { serve } = await import("../serve.ts");
      const studio = await openStudio({ workspace: workspacePath(options), door: "serve" });
      const door = await serve({ host: studio.host, studio, port });
      print({ url: door.url }, () => `SimCLR-S2 Studio: ${door.url}`);
      note(`Workspace ${studio.host.workspace.value.path}. Ctrl-C ends it; running work is paused and goes on at the next start.`);
      if (options.open) openBrowser(door.url);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await door.close();
      await studio.close();
    }),
  );
}
