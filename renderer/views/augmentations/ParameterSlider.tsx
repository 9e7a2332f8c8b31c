// One parameter of an operation: its range in physical units, its help on its name.
import { RangeSlider, Slider, Tooltip } from "@mantine/core";
import { useState } from "react";
import { type Field, stepOf } from "../../state/setting-fields.ts";
import classes from "./OperationPanel.module.css";

export interface ParameterSliderProps {
  readonly field: Field;
  readonly operation: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

export function ParameterSlider({ field, operation, value, onChange }: ParameterSliderProps) {
  if (field.kind === "range") return <RangeParameter field={field} operation={operation} value={value} onChange={onChange} />;
  if (field.kind === "number") return <NumberParameter field={field} operation={operation} value={value} onChange={onChange} />;
  return null;
}

type RangeField = Field & { kind: "range" };
type NumberField = Field & { kind: "number" };

function RangeParameter({ field, operation, value, onChange }: ParameterSliderProps & { field: RangeField }) {
  const given = pairOf(value) ?? [field.min, field.max];
  const [dragged, setDragged] = useState<[number, number] | null>(null);
  const shown = dragged ?? given;
  const step = stepOf(field.min, field.max);
  const name = `${operation} ${field.label}`;
  return (
    <div className={classes.slider}>
      <Line field={field} text={`${text(shown[0], step)} to ${text(shown[1], step)}`} />
      <RangeSlider
        min={field.min}
        max={field.max}
        step={step}
        minRange={0}
        label={null}
        value={shown}
        onChange={(next) => {
          setDragged(next);
          onChange(next);
        }}
        onChangeEnd={() => setDragged(null)}
        thumbFromLabel={`${name}, lower end`}
        thumbToLabel={`${name}, upper end`}
        thumbProps={() => ({ "aria-description": field.help })}
      />
    </div>
  );
}

function NumberParameter({ field, operation, value, onChange }: ParameterSliderProps & { field: NumberField }) {
  const min = field.min ?? 0;
  const max = field.max ?? 1;
  const step = stepOf(min, max, field.isInteger);
  const shown = typeof value === "number" ? value : min;
  return (
    <div className={classes.slider}>
      <Line field={field} text={text(shown, step)} />
      <Slider
        min={min}
        max={max}
        step={step}
        label={null}
        value={shown}
        onChange={onChange}
        thumbLabel={`${operation} ${field.label}`}
        thumbProps={{ "aria-description": field.help }}
      />
    </div>
  );
}

function Line({ field, text: value }: { field: Field; text: string }) {
  return (
    <div className={classes.line}>
      <Tooltip label={field.help} events={{ hover: true, focus: true, touch: true }}>
        <button type="button">{field.label}</button>
      </Tooltip>
      <output>
        {value} {field.unit}
      </output>
    </div>
  );
}

function text(value: number, step: number): string {
  const decimals = Math.max(0, Math.min(3, -Math.floor(Math.log10(step) + 1e-9)));
  return value.toFixed(decimals).replace("-", "−");
}

function pairOf(value: unknown): [number, number] | null {
  return Array.isArray(value) && typeof value[0] === "number" && typeof value[1] === "number" ? [value[0], value[1]] : null;
}
