// A chart with its title and its ways out: picture, SVG, PNG, CSV.
import { ActionIcon, Menu, useComputedColorScheme } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { type ReactNode, useCallback, useMemo } from "react";
import type { SvgNode } from "../../shared/figures/svg.ts";
import { type FigureTheme, figureTheme, LIGHT_THEME } from "../../shared/figures/theme.ts";
import { Figure } from "./Figure.tsx";
import classes from "./FigurePanel.module.css";
import { copyPng, download, pngBlob, svgBlob } from "./figure-export.ts";
import { showDone, showError } from "./notices.tsx";

export interface FigurePanelProps {
  /** Left out where the view around it says it. */
  readonly title?: ReactNode;
  /** Begin of the names of exported files. */
  readonly fileName: string;
  /** Draws the figure; a pure function. Keep it stable (useCallback) to spare redrawing. */
  readonly draw: (width: number, theme: FigureTheme) => SvgNode;
  /** The numbers of the figure. */
  readonly csv?: (() => string) | undefined;
  readonly onHover?: ((arm: string | null) => void) | undefined;
  readonly onPick?: ((arm: string) => void) | undefined;
  readonly onCursor?: ((x: number | null) => void) | undefined;
  readonly onZoom?: ((domain: readonly [number, number] | null) => void) | undefined;
  /** The command that draws what is on the screen. */
  readonly command?: string | undefined;
  readonly overlay?: ((drawing: SvgNode) => ReactNode) | undefined;
  /** Beside the title. */
  readonly aside?: ReactNode;
  /** Width of exported files, px. */
  readonly exportWidth?: number;
}

export function FigurePanel({ title, fileName, draw, csv, command, aside, exportWidth = 960, ...figure }: FigurePanelProps) {
  const theme = useFigureTheme();
  const drawHere = useCallback((width: number) => draw(width, theme), [draw, theme]);
  const forExport = () => draw(exportWidth, LIGHT_THEME);
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      showError(error, `${what} was not made`);
    }
  };
  return (
    <figure className={classes.panel}>
      <div className={classes.head}>
        {title && <figcaption className={classes.title}>{title}</figcaption>}
        <div className={classes.aside}>{aside}</div>
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon size="sm" aria-label={`Export ${fileName}`} title="Export" className={classes.export}>
              <IconDownload size={15} stroke={1.6} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              onClick={() =>
                attempt("The picture", async () => {
                  await copyPng(forExport());
                  showDone("Copied", "The chart is on the clipboard as a picture.");
                })
              }
            >
              Copy as picture
            </Menu.Item>
            <Menu.Item onClick={() => attempt("The SVG", async () => download(`${fileName}.svg`, svgBlob(forExport())))}>
              Save SVG
            </Menu.Item>
            <Menu.Item onClick={() => attempt("The PNG", async () => download(`${fileName}.png`, await pngBlob(forExport())))}>
              Save PNG
            </Menu.Item>
            {csv && (
              <Menu.Item
                onClick={() =>
                  attempt("The table", async () => download(`${fileName}.csv`, new Blob([csv()], { type: "text/csv;charset=utf-8" })))
                }
              >
                Save CSV
              </Menu.Item>
            )}
            {command && (
              <Menu.Item
                onClick={() =>
                  attempt("The command", async () => {
                    await navigator.clipboard.writeText(command);
                    showDone("Copied", command);
                  })
                }
              >
                Copy as command
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </div>
      <Figure draw={drawHere} {...figure} />
    </figure>
  );
}

/** The figures' colours for the scheme in use. */
export function useFigureTheme(): FigureTheme {
  const scheme = useComputedColorScheme("light");
  return useMemo(() => figureTheme(scheme), [scheme]);
}
