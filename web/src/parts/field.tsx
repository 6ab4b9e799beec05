// Fields of forms: a label that is seen, and the control under it.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface TextProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "email" | "password" | "search" | "date" | "number" | "time";
  autocomplete?: string;
  placeholder?: string;
  hint?: ComponentChildren;
  error?: ComponentChildren;
  required?: boolean;
  minLength?: number;
  list?: string[];
  autofocus?: boolean;
}

export function TextField({ label, value, onInput, type = "text", hint, error, list, autofocus, ...rest }: TextProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        type={type}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        aria-describedby={hint || error ? `${id}-hint` : undefined}
        aria-invalid={error ? true : undefined}
        list={list ? `${id}-list` : undefined}
        autofocus={autofocus}
        {...rest}
      />
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
      )}
      {(hint || error) && (
        <p id={`${id}-hint`} class={error ? "field-hint bad" : "field-hint"}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: { value: T; text: string }[];
  inline?: boolean;
}

export function Select<T extends string>({ label, value, onChange, options, inline }: SelectProps<T>) {
  const id = useId();
  const control = (
    <select id={id} class="input select" aria-label={inline ? label : undefined} value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  );
  if (inline) return control;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {control}
    </div>
  );
}

export function Radios<T extends string>({ label, value, onChange, options }: SelectProps<T>) {
  const name = useId();
  return (
    <fieldset class="radios">
      <legend>{label}</legend>
      <div class="choices-row">
        {options.map((option) => (
          <label key={option.value}>
            <input type="radio" name={name} checked={value === option.value} onChange={() => onChange(option.value)} />
            <span>{option.text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
