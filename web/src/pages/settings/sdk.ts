// The snippets themselves. Code, not prose: the same in every language.
export const DEMO_COMMAND = "firsthand demo --data DIR";
export const ORIGIN_EXAMPLE = "https://shop.example";

export const SDKS = ["site", "terminal", "web", "node", "python", "posthog", "rudder", "csv", "feedback"] as const;
export type SdkName = (typeof SDKS)[number];

// Surveys are shown to pages with a client key only; events are taken with either.
export const wantedKey = (name: SdkName): "client" | "write" => (name === "site" || name === "posthog" ? "client" : "write");

export function snippetOf(name: SdkName, origin: string, key: string): string {
  switch (name) {
    case "site":
      return `<script async src="${origin}/sdk/firsthand.js" data-key="${key}" data-feedback="on"></script>
<script>
  window.firsthand = window.firsthand || function () { (firsthand.q = firsthand.q || []).push(arguments) }
  firsthand("identify", "anna", { name: "Anna Berg" })
  firsthand("track", "Order Completed", { price: 490, currency: "NOK" })
</script>`;
    case "terminal":
      return `curl ${origin}/v1/track -u ${key}: \\
  -H 'Content-Type: application/json' \\
  -d '{"userId": "anna", "event": "Order Completed",
       "properties": {"price": 490, "currency": "NOK"}}'`;
    case "web":
      return `import { AnalyticsBrowser } from "@segment/analytics-next"

const analytics = AnalyticsBrowser.load(
  { writeKey: "${key}" },
  { integrations: { "Segment.io": { apiHost: "${origin.replace(/^https?:\/\//, "")}/v1", protocol: "${origin.split(":")[0]}" } } },
)
analytics.identify("anna", { name: "Anna Berg", city: "Bergen" })
analytics.track("Order Completed", { price: 490, currency: "NOK" })`;
    case "node":
      return `import { Analytics } from "@segment/analytics-node"

const analytics = new Analytics({ writeKey: "${key}", host: "${origin}" })
analytics.identify({ userId: "anna", traits: { name: "Anna Berg" } })
analytics.track({ userId: "anna", event: "Order Completed", properties: { price: 490 } })
await analytics.closeAndFlush()`;
    case "python":
      return `import segment.analytics as analytics

analytics.write_key = "${key}"
analytics.host = "${origin}"
analytics.identify("anna", {"name": "Anna Berg"})
analytics.track("anna", "Order Completed", {"price": 490})
analytics.flush()`;
    case "posthog":
      return `// In a page
import posthog from "posthog-js/dist/module.full.no-external"

posthog.init("${key}", { api_host: "${origin}" })
posthog.identify("anna", { name: "Anna Berg" })
posthog.capture("Order Completed", { price: 490 })

// On a server
import { PostHog } from "posthog-node"

const posthog = new PostHog("${key}", { host: "${origin}" })
posthog.capture({ distinctId: "anna", event: "Order Completed", properties: { price: 490 } })
await posthog.shutdown()`;
    case "rudder":
      return `// In a page
import { RudderAnalytics } from "@rudderstack/analytics-js/bundled"

const analytics = new RudderAnalytics()
analytics.load("${key}", "${origin}", { configUrl: "${origin}" })
analytics.identify("anna", { name: "Anna Berg" })
analytics.track("Order Completed", { price: 490 })

// On a server
import RudderAnalytics from "@rudderstack/rudder-sdk-node"

const analytics = new RudderAnalytics("${key}", { dataPlaneUrl: "${origin}", errorHandler: console.error })
analytics.track({ userId: "anna", event: "Order Completed", properties: { price: 490 } })`;
    case "csv":
      return `firsthand import orders.csv --data DIR --source shop --map map.json --dry-run

# map.json
{"customer": "CustomerID",
 "event": {"const": "Order Completed"},
 "ts": "Date",
 "properties": {"price": {"column": "Amount", "type": "number"}},
 "traits": {"country": "Country"}}`;
    case "feedback":
      return `curl ${origin}/api/v1/events \\
  -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"userId": "anna", "event": "feedback", "channel": "survey",
       "ts": "${new Date().toISOString()}",
       "text": "Warm, but the sleeves are too long.", "score": 8, "scale": "nps"}'`;
  }
}
