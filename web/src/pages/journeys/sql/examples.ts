// Statements to begin from: what questions do not say, over events that every house has.
import type { Key } from "../../../strings";

export const EXAMPLES: { label: Key; sql: string }[] = [
  { label: "sql.example.events", sql: "SELECT event, count(*) AS n, count(DISTINCT customer) AS customers\nFROM events\nGROUP BY event\nORDER BY n DESC" },
  { label: "sql.example.days", sql: "SELECT date(ts, 'localtime') AS day, count(*) AS n\nFROM events\nWHERE own = 1\nGROUP BY day\nORDER BY day DESC\nLIMIT 30" },
  { label: "sql.example.busy", sql: "SELECT customer, events, first_seen, last_seen\nFROM customers\nORDER BY events DESC\nLIMIT 20" },
  { label: "sql.example.words", sql: "SELECT ts, customer, channel, score, text\nFROM verbatims\nORDER BY ts DESC, id DESC\nLIMIT 50" },
  { label: "sql.example.gap", sql: "SELECT customer, max(gap_days) AS longest_pause\nFROM (\n  SELECT customer,\n    (ts_ms - lag(ts_ms) OVER (PARTITION BY customer ORDER BY ts_ms, id)) / 86400000.0 AS gap_days\n  FROM events\n  WHERE own = 1\n)\nGROUP BY customer\nORDER BY longest_pause DESC\nLIMIT 20" },
];
