// Line icons on a 16 px grid, drawn here.
const PATHS = {
  today: "M1.8 12.6h12.4M4 12.6a4 4 0 0 1 8 0M8 2.8v2.1M2.8 6.1l1.5 1.3M13.2 6.1l-1.5 1.3",
  customers: "M8 7.9a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM2.6 13.8c.7-2.9 2.7-4.2 5.4-4.2s4.7 1.3 5.4 4.2",
  voice: "M2.5 3.5h11v7.6H7.4L4.6 13.6v-2.5H2.5zM5.3 6.2h5.4M5.3 8.5h3.4",
  journeys: "M3.5 13.7a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM12.5 5.5a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM5.1 12.1h4.5a2.1 2.1 0 0 0 0-4.2H6.4a2.1 2.1 0 0 1 0-4.2h4.5",
  dashboard: "M2.4 2.6h4.8v5.2H2.4zM8.8 2.6h4.8v3H8.8zM8.8 7.2h4.8v6.2H8.8zM2.4 9.4h4.8v4H2.4z",
  settings: "M2 4.5h6.4M12.2 4.5H14M2 11.5h1.9M7.6 11.5H14M10.3 6.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM5.7 13.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
  search: "M7 11.4a4.4 4.4 0 1 0 0-8.8 4.4 4.4 0 0 0 0 8.8zM10.3 10.3l3.4 3.4",
  close: "M4 4l8 8M12 4l-8 8",
  left: "M9.8 4l-4 4 4 4",
  right: "M6.2 4l4 4-4 4",
  down: "M4 6.2l4 4 4-4",
  up: "M4 9.8l4-4 4 4",
  plus: "M8 3v10M3 8h10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  check: "M3.4 8.4l3 3 6.2-6.6",
  copy: "M5.5 5.5h7.8v7.8H5.5zM10.4 5.5V2.7H2.7v7.7h2.8",
  pause: "M5.8 3.6v8.8M10.2 3.6v8.8",
  play: "M5 3.2v9.6l7.4-4.8z",
  warning: "M8 2.6l6 10.7H2zM8 6.6v3M8 11.4h.01",
  eye: "M1.6 8C3.2 5.2 5.4 3.8 8 3.8S12.8 5.2 14.4 8c-1.6 2.8-3.8 4.2-6.4 4.2S3.2 10.8 1.6 8zM8 9.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8z",
  download: "M8 2.6v7.6M4.9 7.3L8 10.4l3.1-3.1M2.8 13.2h10.4",
  save: "M4 2.6h8v11L8 10.8l-4 2.8z",
  key: "M5.2 13a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM7.2 8.5l5.6-5.6M10.4 5.3l1.9 1.9",
  table: "M2.4 3.4h11.2v9.2H2.4zM2.4 6.6h11.2M6.4 6.6v6",
  web: "M8 13.8A5.8 5.8 0 1 0 8 2.2a5.8 5.8 0 0 0 0 11.6zM2.4 8h11.2M8 2.2c2 1.7 2.9 3.6 2.9 5.8S10 12.1 8 13.8C6 12.1 5.1 10.2 5.1 8S6 3.9 8 2.2z",
  app: "M4.8 1.9h6.4v12.2H4.8zM7.3 11.9h1.4",
  mail: "M2 3.6h12v8.8H2zM2.3 4.3L8 8.8l5.7-4.5",
  chat: "M2.4 3.2h11.2v7.8H7.3l-3 2.6V11H2.4z",
  phone: "M4.3 2.4l2 .3.8 2.8-1.4 1.2c.8 1.6 1.9 2.7 3.6 3.6l1.2-1.4 2.8.8.3 2c-.3 1.1-1.3 1.9-2.5 1.7C6.2 12.7 3.3 9.8 2.6 4.9c-.2-1.2.6-2.2 1.7-2.5z",
  store: "M2.6 6.4V13.4h10.8V6.4M1.9 6.4l1.3-3.8h9.6l1.3 3.8zM6.4 13.4V9.7h3.2v3.7",
  survey: "M3.2 2.2h9.6v11.6H3.2zM5.5 5.8l.9.9 1.5-1.7M9.4 6h1.3M5.5 10.2l.9.9 1.5-1.7M9.4 10.4h1.3",
  review: "M8 2.3l1.7 3.6 3.9.5-2.9 2.7.7 3.9L8 11.1 4.6 13l.7-3.9-2.9-2.7 3.9-.5z",
  social: "M4.2 9.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8zM11.8 5.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8zM11.8 13.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8zM5.9 7.1l4.2-2.2M5.9 8.9l4.2 2.2",
  import: "M8 10.4V2.6M4.9 5.7L8 2.6l3.1 3.1M2.8 13.2h10.4",
  person: "M8 7.9a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z",
  filter: "M2.4 3.6h11.2L9.4 8.7v4.1l-2.8-1.3V8.7z",
  out: "M6.6 2.8H3v10.4h3.6M6.8 8H13.6M10.9 5.2L13.7 8l-2.8 2.8",
  pin: "M5.4 2.6h5.2M6.4 2.6v4.1L4.3 9.2h7.4L9.6 6.7V2.6M8 9.2v4.6",
  flag: "M4 14V2.6M4 3.2h7.6L9.9 6l1.7 2.8H4",
  help: "M6 6a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.5M8 11.6h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, small }: { name: IconName; small?: boolean }) {
  return (
    <svg class={small ? "icon icon-s" : "icon"} viewBox="0 0 16 16" aria-hidden="true" data-heavy={name === "more" || undefined}>
      <path d={PATHS[name]} />
    </svg>
  );
}

const CHANNELS: Record<string, IconName> = {
  web: "web", app: "app", email: "mail", phone: "phone", chat: "chat", store: "store",
  social: "social", survey: "survey", review: "review", import: "import",
};
export const channelIcon = (channel: string | null | undefined): IconName => CHANNELS[channel ?? ""] ?? "chat";

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 18 20" aria-hidden="true">
      <path d="M9 1.2v17.6" class="mark-line" />
      <rect x="1.7" y="3.7" width="4.6" height="4.6" rx=".7" class="mark-box" />
      <circle cx="13.7" cy="12.6" r="3.4" class="mark-dot" />
    </svg>
  );
}
