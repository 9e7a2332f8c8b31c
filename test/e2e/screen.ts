// What is looked at on every screen: a picture in both colour schemes, accessibility, and that nothing lies outside of the window.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { screenshots } from "./studio.ts";

export const SIZE = { width: 1280, height: 800 };
const SCHEMES = ["light", "dark"] as const;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Takes pictures of a view, and expects that nothing in it is inaccessible or lies outside of the window. */
export async function inspectPage(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  for (const scheme of SCHEMES) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForFunction((wanted) => document.documentElement.dataset.mantineColorScheme === wanted, scheme);
    await page.screenshot({ path: join(screenshots, `${name}-${scheme}.png`) });
    await page.evaluate(axe);
    const findings = await page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } }).axe.run();
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`);
    });
    expect(findings, `${name}, ${scheme}`).toEqual([]);
    const isInside = await page.evaluate(() => {
      const { scrollWidth, scrollHeight } = document.documentElement;
      return scrollWidth <= window.innerWidth && scrollHeight <= window.innerHeight;
    });
    expect(isInside, `${name}, ${scheme}: nothing lies outside of the window`).toBe(true);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** Waits until every picture on the page is there. */
export async function waitForImages(page: Page): Promise<void> {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));
}
