// The couplet matrix as an editor: which arms the study has.
import { Button, Group, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { type KeyboardEvent, type MouseEvent, useCallback, useRef, useState } from "react";
import { AUGMENTATIONS, type AugmentationName } from "../../../shared/domain/augmentations.ts";
import { ALL_ARMS, armFamily, CONTROL_ARM, COUPLET_ARMS, coupletOf, SPECIAL_ARMS, viewPool } from "../../../shared/domain/study.ts";
import { coupletMatrix } from "../../../shared/figures/couplet-matrix.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { counted } from "../../state/words.ts";
import classes from "./StudyPanel.module.css";

const FAMILIES = [
  { family: "geometric", label: "of two geometric operations" },
  { family: "pixel", label: "of two pixel operations" },
  { family: "mixed", label: "of one of each" },
] as const;

export interface MatrixEditorProps {
  readonly arms: readonly string[];
  readonly onArms: (arms: readonly string[]) => void;
  /** Operations of the arm that was just touched, to be previewed. */
  readonly onOperations: (operations: readonly AugmentationName[]) => void;
}

export function MatrixEditor({ arms, onArms, onOperations }: MatrixEditorProps) {
  const [hovered, setHovered] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const focused = useRef<string | null>(null);
  const draw = useCallback(
    (width: number, theme: FigureTheme) => coupletMatrix({ result: null, arms }, { width, theme, highlight: hovered }),
    [arms, hovered],
  );
  const hover = (arm: string | null) => {
    focused.current = arm;
    setHovered(arm);
  };
  const toggle = (arm: string) => {
    if (arm === CONTROL_ARM) {
      setSaid("The control is in every study: without it no gain of pretraining can be shown.");
      return;
    }
    const isIn = arms.includes(arm);
    onArms(isIn ? arms.filter((other) => other !== arm) : [...arms, arm]);
    setSaid(`${arm} is ${isIn ? "out of" : "in"} the study.`);
    const [operations] = viewPool(arm);
    if (!isIn && operations) onOperations(operations);
  };
  /** All couplets of an operation in, or, when they are, out. */
  const toggleOperation = (operation: string) => {
    const own = COUPLET_ARMS.filter((arm) => coupletOf(arm)?.some((name) => name === operation));
    const areIn = own.every((arm) => arms.includes(arm));
    onArms(areIn ? arms.filter((arm) => !own.includes(arm)) : [...arms, ...own]);
    setSaid(`The couplets of ${operation} are ${areIn ? "out of" : "in"} the study.`);
  };
  const click = (event: MouseEvent) => {
    const operation = event.target instanceof Element ? event.target.closest("[data-operation]")?.getAttribute("data-operation") : null;
    if (AUGMENTATIONS.some((name) => name === operation)) toggleOperation(operation!);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== " " || focused.current === null) return;
    event.preventDefault();
    toggle(focused.current);
  };
  const couplets = arms.filter((arm) => coupletOf(arm)).length;
  return (
    <>
      <Group gap={6} className={classes.tools}>
        <Button variant="default" size="compact-xs" onClick={() => onArms(ALL_ARMS)}>
          All 41
        </Button>
        <Menu position="bottom-start" withinPortal>
          <Menu.Target>
            <Button variant="default" size="compact-xs" rightSection={<IconChevronDown size={12} />}>
              Couplets
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => onArms(COUPLET_ARMS)}>all 36</Menu.Item>
            {FAMILIES.map(({ family, label }) => (
              <Menu.Item key={family} onClick={() => onArms(COUPLET_ARMS.filter((arm) => armFamily(arm) === family))}>
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Button variant="default" size="compact-xs" onClick={() => onArms([...SPECIAL_ARMS])}>
          Specials
        </Button>
        <Button variant="default" size="compact-xs" onClick={() => onArms([])}>
          None
        </Button>
      </Group>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the figure inside has the focus and the roles */}
      <div className={`${classes.matrix} ${classes.editor}`} onClick={click} onKeyDown={press}>
        <FigurePanel fileName="study-design" draw={draw} onHover={hover} onPick={toggle} />
      </div>
      <p className={classes.said} role="status">
        {said ||
          `${counted(arms.length, "arm")}: ${counted(couplets, "couplet")}, ${counted(arms.length - couplets - 1, "special")}, the control. Click a cell, or use arrows and space; a cell of the diagonal takes all its couplets.`}
      </p>
    </>
  );
}
