import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberIn, parseXml, readXml } from "../../../../electron/ingest/readers/xml.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { fixtures, temporaryFolder } from "../made-files.ts";

const real = readFileSync(join(fixtures, "data", "safe-metadata", "n0400", "MTD_TL.xml"), "utf8");

/** Only an AppError may come out. */
function tryToParse(text: string): "read" | AppError {
  try {
    for (const element of parseXml(text, "hostile.xml").findAll("NROWS")) element.text;
    return "read";
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

describe("an XML document", () => {
  it("keeps text as text, drops prefixes, and gives single and repeated elements alike", () => {
    const root = parseXml(
      '<?xml version="1.0"?><n1:r xmlns:n1="x"><n1:v>04.00</n1:v><list><e id="01"> 1 </e><e id="2">2</e></list><one><e>3</e></one><empty/></n1:r>',
      "a.xml",
    );
    expect(root.name).toBe("r");
    expect(root.textOf("v")).toBe("04.00");
    expect(root.numberOf("v")).toBe(4);
    expect([...root.findAll("e")].map(({ text }) => text)).toEqual(["1", "2", "3"]);
    expect(root.find("e")?.attribute("id")).toBe("01");
    expect(root.find("e")?.attribute("constructor")).toBeNull();
    expect(root.find("one")?.textOf("e")).toBe("3");
    expect(root.textOf("empty")).toBeNull();
    expect(root.textOf("none", "v")).toBe("04.00");
    expect(root.find("toString")).toBeNull();
    expect(parseXml("<a>1 &lt; 2 &amp; 3</a>", "a.xml").text).toBe("1 < 2 & 3");
    expect(parseXml("\ufeff<a/>", "a.xml").name).toBe("a");
  });

  it("gives numbers only where there are some", () => {
    expect(["-1000", "1e4", "+.5", " 7. ", "-0.0"].map(numberIn)).toEqual([-1000, 10_000, 0.5, 7, -0]);
    expect(["", " ", "0x10", "1,5", "NaN", "Infinity", "1e9999", "12a", null].map(numberIn)).toEqual(Array(9).fill(null));
  });

  it.each([
    ["an entity bomb", '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><r>&b;</r>', "UNSUPPORTED"],
    ["an outer entity", '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "UNSUPPORTED"],
    ["an unclosed element", "<a><b></a>", "BAD_FILE"],
    ["two roots", "<a/><b/>", "BAD_FILE"],
    ["no root", "", "BAD_FILE"],
    ["a text", "no xml", "BAD_FILE"],
    ["endless depth", `${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}`, "BAD_FILE"],
    ["unclosed depth", "<a>".repeat(100_000), "BAD_FILE"],
    ["a name that means another thing to JavaScript", "<a><__proto__>1</__proto__></a>", "BAD_FILE"],
  ])("of %s is refused", (_, text, code) => {
    const result = tryToParse(text);
    expect(result).toMatchObject({ code });
    expect((result as AppError).message.length).toBeLessThan(400);
  });

  it("cut short anywhere is refused", () => {
    for (let part = 0; part < 50; part++)
      expect(tryToParse(real.slice(0, Math.floor((real.length * part) / 50)))).toMatchObject({ code: "BAD_FILE" });
    expect(tryToParse(real)).toBe("read");
  });

  it("with changed characters gives elements or an error, never a crash or a hang", () => {
    const text = real.slice(0, 1500) + real.slice(-200);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.constantFrom(..."<>/\"'&;=![]?-x \0")), { minLength: 1, maxLength: 8 }), (changes) => {
        const characters = [...text];
        for (const [at, character] of changes) characters[at % characters.length] = character;
        tryToParse(characters.join(""));
      }),
      { numRuns: 1000, seed: 20210401 },
    );
  });

  it("of more than 32 MB is refused before it is read", () => {
    const path = join(temporaryFolder(), "large.xml");
    writeFileSync(path, Buffer.alloc(32 * 1024 * 1024 + 1, " "));
    expect(() => readXml(path)).toThrow(/more than the 33554432/);
  });
});
