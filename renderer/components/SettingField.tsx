// One field of a settings form, by its kind. Its help stands beneath it.
import { MultiSelect, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Field } from "../state/setting-fields.ts";

export interface SettingFieldProps {
  readonly field: Field;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly error?: string | undefined;
}

export function SettingField({ field, value, onChange, error }: SettingFieldProps) {
  const shared = {
    label: capitalised(field.label),
    description: field.help,
    error,
    inputWrapperOrder: ["label", "input", "description", "error"] as const,
  };
  const common = { ...shared, inputWrapperOrder: [...shared.inputWrapperOrder] };
  switch (field.kind) {
    case "number":
      return (
        <NumberInput
          {...common}
          value={typeof value === "number" ? value : ""}
          placeholder={field.isNullable ? "not set" : ""}
          allowDecimal={!field.isInteger}
          {...(field.min === undefined ? {} : { min: field.min })}
          {...(field.max === undefined ? {} : { max: field.max })}
          step={field.isInteger ? 1 : 0.1}
          thousandSeparator=","
          clampBehavior="blur"
          onChange={(next) => {
            if (typeof next === "number") onChange(next);
            else if (field.isNullable) onChange(null);
          }}
        />
      );
    case "choice":
      return <Select {...common} data={[...field.options]} value={typeof value === "string" ? value : null} onChange={onChange} />;
    case "choices":
      return (
        <MultiSelect
          {...common}
          data={[...field.options]}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(next) => onChange(next.length === 0 && field.isNullable ? null : next)}
        />
      );
    case "switch":
      return (
        <Switch
          label={capitalised(field.label)}
          description={field.help}
          error={error}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "numbers":
      return <NumbersInput {...common} isNullable={field.isNullable} value={value} onChange={onChange} />;
    case "text":
      return (
        <TextInput
          {...common}
          value={typeof value === "string" ? value : ""}
          onChange={({ currentTarget: { value: next } }) => onChange(next === "" && field.isNullable ? null : next)}
        />
      );
    case "range":
    case "other":
      return null;
  }
}

interface NumbersInputProps {
  readonly label: string;
  readonly description: string;
  readonly error: string | undefined;
  readonly isNullable: boolean;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** Numbers with commas between them. The text stays as typed while it is being typed. */
function NumbersInput({ value, onChange, isNullable, error, ...common }: NumbersInputProps) {
  const given = Array.isArray(value) ? value.join(", ") : "";
  const [draft, setDraft] = useState<string | null>(null);
  const isReadable = draft === null || parseNumbers(draft) !== null || (draft.trim() === "" && isNullable);
  const change = (text: string) => {
    setDraft(text);
    const numbers = parseNumbers(text);
    if (numbers) onChange(numbers);
    else if (text.trim() === "" && isNullable) onChange(null);
  };
  return (
    <TextInput
      {...common}
      inputWrapperOrder={["label", "input", "description", "error"]}
      value={draft ?? given}
      placeholder={isNullable ? "not set" : "1, 2, 3"}
      error={isReadable ? error : "numbers with commas between them, such as 1, 2, 3"}
      onChange={(event) => change(event.currentTarget.value)}
      onBlur={() => setDraft(null)}
    />
  );
}

function parseNumbers(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const numbers = parts.map(Number);
  return numbers.length > 0 && numbers.every(Number.isFinite) ? numbers : null;
}

/** `Learning rate`. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
