// The sign of an arm's family, the same as in the figures.
import { useMemo } from "react";
import { armFamily } from "../../shared/domain/study.ts";
import { familyMark } from "../../shared/figures/marks.ts";
import { figureRoot } from "../../shared/figures/svg.ts";
import { FAMILY_LABELS } from "../../shared/figures/theme.ts";
import { Figure } from "./Figure.tsx";
import { useFigureTheme } from "./FigurePanel.tsx";

const SIZE = 14;

export function FamilyMark({ arm }: { arm: string }) {
  const theme = useFigureTheme();
  const family = armFamily(arm);
  const draw = useMemo(
    () => () =>
      figureRoot(
        { width: SIZE, height: SIZE, label: FAMILY_LABELS[family] },
        familyMark(family, SIZE / 2, SIZE / 2, 4.5, { fill: theme.families[family] }),
      ),
    [family, theme],
  );
  return <Figure draw={draw} width={SIZE} />;
}
