import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addFlags, parseFlags } from "../../electron/flags.ts";
import { FinetuneSettings, RunConfig, StudyConfig } from "../../shared/domain/run-config.ts";
import { TileFilter } from "../../shared/domain/tile-query.ts";

function parse(argv: string[], ...args: [Parameters<typeof addFlags>[1], Parameters<typeof addFlags>[2]?]): Record<string, unknown> {
  const command = new Command("x").exitOverride().configureOutput({ writeErr: () => {} });
  const read = addFlags(command, ...args);
  command.parse(argv, { from: "user" });
  return read(command.opts());
}

describe("flags out of a schema", () => {
  it("gives only what was given, nested where it belongs", () => {
    const given = parse(["--epochs", "7", "--finetune-mode", "linear", "--seeds", "1,2,3", "--encoder", "small"], StudyConfig, {
      prefixes: { pretrain: "" },
    });
    expect(given).toEqual({ pretrain: { epochs: 7 }, finetune: { mode: "linear" }, seeds: [1, 2, 3], encoder: "small" });
  });

  it("gives nothing when nothing was given", () => {
    expect(parse([], RunConfig)).toEqual({});
  });

  it.each([
    [["--epochs", "0"], /from 1/],
    [["--epochs", "2.5"], /whole number/],
    [["--epochs", "many"], /number/],
    [["--mode", "other"], /full, frozen, linear/],
    [["--balanced", "yes"], /true or false/],
  ])("refuses %j with what is allowed", (argv, message) => {
    expect(() => parse(argv, FinetuneSettings)).toThrow(message);
  });

  it("accepts every default that it shows", () => {
    const command = new Command("x");
    addFlags(command, RunConfig, { prefixes: { pretrain: "" }, omit: ["version"] });
    const help = command.helpInformation();
    expect(help).toContain("--batch-size");
    expect(help).toMatch(/tiles a step; each gives two views[\s\S]*default: 32/);
    expect(help).toMatch(/--finetune-patience/);
  });

  it("names the flag whose value a schema refuses in words of its own", () => {
    expect(parseFlags(TileFilter, { maxCloud: 0.1 })).toEqual({ maxCloud: 0.1 });
    const refused = (given: Record<string, unknown>) => () => parseFlags(TileFilter, given);
    expect(refused({ from: "June" })).toThrow("--from: give a date such as 2018-06-01");
    expect(refused({ bounds: [1, 2, 3] })).toThrow(/^--bounds: /);
  });

  it("leaves omitted groups out", () => {
    const command = new Command("x");
    addFlags(command, RunConfig, { omit: ["finetune", "version"] });
    expect(command.helpInformation()).not.toContain("finetune");
  });
});
