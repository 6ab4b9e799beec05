// The fields that the forms about data share.
export function Check({ label, checked, onChange, hint }: { label: string; checked: boolean; onChange: (on: boolean) => void; hint?: string }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>
        {label}
        {hint && <small class="dim block">{hint}</small>}
      </span>
    </label>
  );
}

export function Lines({ label, value, onInput, hint }: { label: string; value: string; onInput: (value: string) => void; hint?: string }) {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea class="input" rows={4} maxLength={20000} value={value} onInput={(event) => onInput(event.currentTarget.value)} />
      {hint && <small class="field-hint">{hint}</small>}
    </label>
  );
}
