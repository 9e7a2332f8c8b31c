// A command's own host over the workspace that its flags name.
import { createHost, type Host } from "../app/host.ts";
import { existingWorkspace } from "../app/workspace-folder.ts";
import { type CommonOptions, workspacePath } from "./context.ts";

/** Runs work on a host of the command's own. */
export async function withHost<T>(options: CommonOptions, work: (host: Host) => Promise<T>): Promise<T> {
  const host = await createHost({ workspace: await existingWorkspace(workspacePath(options)), door: "cli" });
  try {
    return await work(host);
  } finally {
    await host.close();
  }
}
