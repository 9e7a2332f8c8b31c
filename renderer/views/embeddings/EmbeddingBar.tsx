// Which run, at which stage, and how its features are drawn: the line above a panel.
import { ActionIcon, Button, NumberInput, Popover, SegmentedControl, Select, Slider, Stack, Tooltip } from "@mantine/core";
import { IconAdjustments, IconColumns2, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { ProjectionMethod } from "../../../shared/domain/embedding.ts";
import { armFamily } from "../../../shared/domain/study.ts";
import { FAMILY_LABELS } from "../../../shared/figures/theme.ts";
import { useRoute } from "../../state/router.ts";
import { count } from "../../state/words.ts";
import classes from "./EmbeddingsView.module.css";
import type { EmbeddedRun } from "./embedding-data.ts";

export interface EmbeddingBarProps {
  readonly runs: readonly EmbeddedRun[];
  readonly run: EmbeddedRun;
  readonly stage: string;
  /** Of the first panel: both are drawn by it. */
  readonly method?: ProjectionMethod;
  readonly isCompared?: boolean;
  /** The bar of the second panel. */
  readonly isSecond?: boolean;
}

export function EmbeddingBar({ runs, run, stage, method, isCompared = false, isSecond = false }: EmbeddingBarProps) {
  const { setQuery } = useRoute();
  const suffix = isSecond ? "2" : "";
  const arms = [...new Set(runs.map(({ arm }) => arm))];
  const seeds = runs.filter(({ arm }) => arm === run.arm).map(({ seed }) => seed);
  const families = [...new Set(arms.map(armFamily))];
  return (
    <div className={classes.bar}>
      <Select
        aria-label={isSecond ? "Second arm" : "Arm"}
        w={190}
        searchable
        value={run.arm}
        nothingFoundMessage="No arm of that name"
        data={families.map((family) => ({ group: FAMILY_LABELS[family], items: arms.filter((arm) => armFamily(arm) === family) }))}
        onChange={(arm) => arm && setQuery({ [`arm${suffix}`]: arm, [`seed${suffix}`]: null })}
      />
      {seeds.length > 1 && (
        <Select
          aria-label={isSecond ? "Second seed" : "Seed"}
          w={92}
          value={String(run.seed)}
          data={seeds.map((seed) => ({ value: String(seed), label: `seed ${seed}` }))}
          onChange={(seed) => seed && setQuery({ [`arm${suffix}`]: run.arm, [`seed${suffix}`]: seed })}
        />
      )}
      {run.stages.length > 1 && (
        <StageSlider run={run} stage={stage} onChange={(next) => setQuery({ [`stage${suffix}`]: next }, { replace: true })} />
      )}
      {method && (
        <>
          <SegmentedControl
            aria-label="Projection"
            data={[
              { value: "umap", label: "UMAP" },
              { value: "pca", label: "PCA" },
            ]}
            value={method.kind}
            onChange={(kind) => setQuery({ map: kind === "umap" ? null : kind }, { replace: true })}
          />
          {method.kind === "umap" && <UmapMenu method={method} />}
          <div className={classes.spacer} />
          {!isCompared && (
            <Button
              variant="default"
              leftSection={<IconColumns2 size={15} />}
              onClick={() =>
                setQuery({
                  arm2: (runs.find(({ arm }) => arm === "random-init" && arm !== run.arm) ?? runs.find(({ arm }) => arm !== run.arm) ?? run)
                    .arm,
                })
              }
            >
              Compare
            </Button>
          )}
        </>
      )}
      {isSecond && (
        <>
          <div className={classes.spacer} />
          <Tooltip label="Close the second panel">
            <ActionIcon aria-label="Close the second panel" onClick={() => setQuery({ arm2: null, seed2: null, stage2: null })}>
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
        </>
      )}
    </div>
  );
}

/** `before training`, `epoch 12`, `after 48 steps`. */
function stageWords({ stage, step, epoch }: EmbeddedRun["stages"][number]): string {
  if (stage === "start") return "before training";
  return epoch === null ? `step ${count(step)}` : `epoch ${epoch >= 10 || Number.isInteger(epoch) ? epoch.toFixed(0) : epoch.toFixed(1)}`;
}

/** From the weights that a run began with, over the checkpoints that are there, to those that it left. */
function StageSlider({ run, stage, onChange }: { run: EmbeddedRun; stage: string; onChange: (stage: string) => void }) {
  const at = Math.max(
    0,
    run.stages.findIndex((one) => one.stage === stage),
  );
  const [dragged, setDragged] = useState<number | null>(null);
  const shown = run.stages[dragged ?? at]!;
  return (
    <div className={classes.stages}>
      <Slider
        aria-label="Stage of the training"
        thumbLabel="Stage of the training"
        w={Math.min(220, 50 + 30 * run.stages.length)}
        min={0}
        max={run.stages.length - 1}
        step={1}
        value={dragged ?? at}
        label={null}
        marks={run.stages.map((_, value) => ({ value }))}
        onChange={setDragged}
        onChangeEnd={(next) => {
          setDragged(null);
          onChange(run.stages[next]!.stage);
        }}
      />
      <span>{stageWords(shown)}</span>
    </div>
  );
}

function UmapMenu({ method }: { method: Extract<ProjectionMethod, { kind: "umap" }> }) {
  const { setQuery } = useRoute();
  const [isOpen, setOpen] = useState(false);
  const [near, setNear] = useState<number | string>(method.neighbours);
  const [apart, setApart] = useState<number | string>(method.minDistance);
  const apply = () => {
    setQuery({ near: Number(near) === 15 ? null : String(near), apart: Number(apart) === 0.1 ? null : String(apart) });
    setOpen(false);
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" withinPortal width={300} trapFocus>
      <Popover.Target>
        <Tooltip label={`UMAP of ${method.neighbours} neighbours, least distance ${method.minDistance}`}>
          <ActionIcon aria-label="Settings of UMAP" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <IconAdjustments size={17} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="sm">
          <NumberInput
            label="Neighbours"
            description="Few show detail, many the whole"
            min={2}
            max={200}
            allowDecimal={false}
            value={near}
            onChange={setNear}
          />
          <NumberInput
            label="Least distance"
            description="Small packs groups tightly"
            min={0}
            max={0.99}
            step={0.05}
            decimalScale={2}
            value={apart}
            onChange={setApart}
          />
          <Button onClick={apply} disabled={near === "" || apart === ""}>
            Use these
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
