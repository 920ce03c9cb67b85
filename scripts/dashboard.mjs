/**
 * Writes `ops/grafana/dashboard.json` for Grafana 11. This file defines the contents of the panels. Their positions and
 * ids are computed. `npm run test:ops` checks that the dashboard shows all metrics and only metrics that exist.
 */
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const rate = (metric, matchers = "") => `rate(${metric}${matchers === "" ? "" : `{${matchers}}`}[$__rate_interval])`
const quantile = (share, metric, by, matchers) =>
  `histogram_quantile(${share}, sum by (${["le", ...by].join(", ")}) (${rate(`${metric}_bucket`, matchers)}))`

/** Selects series by their `exchange` label. */
const at = "exchange=~\"$exchange\""
/** Selects series by a name that contains an exchange: `okx`, `okx.marketData`, `median.okx.price`. */
const named = "name=~\"(.*[.])?($exchange)([.].*)?\""

const perSecond = "reqps"
const share = { unit: "percentunit", min: 0 }

/** Creates a time series panel from its title, its description and its queries, each with a legend. */
const series = (title, description, queries, options = {}) => ({ type: "timeseries", title, description, queries, ...options })

const rows = [
  {
    title: "The service",
    panels: [
      {
        type: "stat",
        title: "Ready",
        description: "Whether an instance is ready: an exchange can serve, and it does not end.",
        queries: [["min by (instance) (server_ready)", "{{instance}}"]],
        mappings: { 0: ["not ready", "red"], 1: ["ready", "green"] }
      },
      series("Requests", "Answered a second, by template of the path and status.", [
        [`sum by (route, status) (${rate("server_requests_total")})`, "{{route}} {{status}}"]
      ], { unit: perSecond }),
      series("Requests that fail", "The share that the service failed to answer (5xx). 0.1 % is what is allowed.", [
        [
          `sum(${rate("server_requests_total", "status=~\"5..\"")}) / sum(${rate("server_requests_total")})`,
          "failed"
        ]
      ], share),
      series("Time to answer", "Streams aside: they last.", [
        [quantile(0.5, "server_request_duration_seconds", [], "route!=\"/v1/stream\""), "half within"],
        [quantile(0.95, "server_request_duration_seconds", [], "route!=\"/v1/stream\""), "95 % within"],
        [quantile(0.99, "server_request_duration_seconds", [], "route!=\"/v1/stream\""), "99 % within"]
      ], { unit: "s" }),
      series("In progress", "Requests and streams in progress.", [
        ["sum by (instance) (server_requests_in_flight)", "{{instance}}"]
      ], { min: 0 }),
      series("Shed", "Refused at the door a second: too busy, a client that asks too often, too many streams.", [
        [`sum by (reason) (${rate("server_shed_total")})`, "{{reason}}"]
      ], { unit: perSecond })
    ]
  },
  {
    title: "Operations at exchanges",
    panels: [
      series("Operations", "Finished a second.", [
        [`sum by (exchange, operation) (${rate("exchange_requests_total", at)})`, "{{exchange}} {{operation}}"]
      ], { unit: perSecond }),
      series("Operations that fail", "A second, by what they failed with.", [
        [
          `sum by (exchange, operation, error) (${rate("exchange_requests_total", `${at}, error!="none"`)})`,
          "{{exchange}} {{operation}} {{error}}"
        ]
      ], { unit: perSecond }),
      series("Share that fails", "Of each exchange's operations, repeats included.", [
        [
          `sum by (exchange) (${rate("exchange_requests_total", `${at}, error!="none"`)}) `
          + `/ sum by (exchange) (${rate("exchange_requests_total", at)})`,
          "{{exchange}}"
        ]
      ], share),
      series("Time of operations", "95 % are within it, queueing and repeats included.", [
        [
          quantile(0.95, "exchange_request_duration_seconds", ["exchange", "operation"], at),
          "{{exchange}} {{operation}}"
        ]
      ], { unit: "s" }),
      series("Attempts", "Sent a second, by what they ended with.", [
        [`sum by (exchange, error) (${rate("exchange_attempts_total", at)})`, "{{exchange}} {{error}}"]
      ], { unit: perSecond }),
      series("Time of attempts", "95 % are within it, from signing to the decoded answer.", [
        [
          quantile(0.95, "exchange_attempt_duration_seconds", ["exchange", "operation"], at),
          "{{exchange}} {{operation}}"
        ]
      ], { unit: "s" }),
      series("Repeats", "Attempts repeated a second, by the reason.", [
        [`sum by (exchange, error) (${rate("exchange_retries_total", at)})`, "{{exchange}} {{error}}"]
      ], { unit: perSecond }),
      series("What repeating came to", "Calls that failed or were repeated, a second.", [
        [`sum by (name, kind) (${rate("retry_calls_total", named)})`, "{{name}} {{kind}}"]
      ], { unit: perSecond }),
      series("Out of time", "Attempts and calls that took too long, a second.", [
        [`sum by (name, kind) (${rate("timelimiter_calls_total")})`, "{{name}} {{kind}}"]
      ], { unit: perSecond }),
      series("Passed over", "Calls of a composite that went on to the next source, a second, by the exchange that failed.", [
        [`sum by (exchange, error) (${rate("exchange_failovers_total", at)})`, "{{exchange}} {{error}}"]
      ], { unit: perSecond }),
      series("Last known prices", "Given again while no source could serve, a second.", [
        [`sum by (exchange) (${rate("exchange_last_known_prices_total")})`, "{{exchange}}"]
      ], { unit: perSecond }),
      series("Shared runs", "Calls that waited for the run of another caller, a second.", [
        [`sum by (name) (${rate("singleflight_coalesced_calls_total", named)})`, "{{name}}"]
      ], { unit: perSecond })
    ]
  },
  {
    title: "Limits and bans",
    panels: [
      series("Limits in use", "What the exchange meters, as a share of what it allows.", [
        [`max by (exchange, scope) (exchange_limiter_usage_ratio{${at}})`, "{{exchange}} {{scope}}"],
        [`max by (name) (ratelimiter_usage_ratio{${named}})`, "{{name}} when it last mattered"]
      ], share),
      series("Waiting for a limit", "95 % of calls wait no longer for the rate limit and the bulkhead.", [
        [quantile(0.95, "exchange_queue_wait_seconds", ["exchange", "operation"], at), "{{exchange}} {{operation}}"]
      ], { unit: "s" }),
      series("Calls in queues", "That wait for their turn now.", [
        [`sum by (name) (ratelimiter_waiting_calls{${named}})`, "{{name}}, for the limit"],
        [`sum by (name) (bulkhead_waiting_calls{${named}})`, "{{name}}, for a permit"]
      ], { min: 0 }),
      series("Refused for a limit", "Calls that were not let in, a second.", [
        [`sum by (name, reason) (${rate("ratelimiter_refused_calls_total", named)})`, "{{name}} {{reason}}"],
        [`sum by (name) (${rate("bulkhead_refused_calls_total", named)})`, "{{name}} has no permit"]
      ], { unit: perSecond }),
      series("At once", "How many calls may run at once.", [
        [`max by (name) (bulkhead_max_allowed_concurrent_calls{${named}})`, "{{name}}"]
      ], { min: 0 }),
      series("Banned for", "Until the exchange's ban of this address or key ends.", [
        [`clamp_min(max by (exchange) (exchange_banned_until_seconds{${at}}) - time(), 0)`, "{{exchange}}"]
      ], { unit: "s", min: 0 })
    ]
  },
  {
    title: "Circuit breakers",
    panels: [
      {
        type: "state-timeline",
        title: "State",
        description: "The worst of all instances.",
        queries: [[
          ["Closed", "Disabled", "MetricsOnly", "HalfOpen", "Open", "Isolated"].map((state, index) =>
            `max by (name) (${index} * circuitbreaker_state{state="${state}", ${named}} == ${index})`
          ).toReversed().join("\nor "),
          "{{name}}"
        ]],
        mappings: {
          0: ["closed", "green"],
          1: ["disabled", "purple"],
          2: ["metrics only", "blue"],
          3: ["half open", "yellow"],
          4: ["open", "red"],
          5: ["isolated", "dark-red"]
        },
        wide: true
      },
      series("Changes of state", "A minute.", [
        [`60 * sum by (name, from, to) (${rate("circuitbreaker_transitions_total", named)})`, "{{name}} {{from}} to {{to}}"]
      ]),
      series("Refused by a breaker", "Calls a second.", [
        [`sum by (name) (${rate("circuitbreaker_not_permitted_calls_total", named)})`, "{{name}}"]
      ], { unit: perSecond }),
      series("Hedges", "Attempts begun as an earlier one was late, those that won, and those there was no budget for, a second.", [
        [`sum by (name) (${rate("hedge_started_attempts_total")})`, "{{name}} begun"],
        [`sum by (name) (${rate("hedge_won_calls_total")})`, "{{name}} won"],
        [`sum by (name) (${rate("hedge_denied_attempts_total")})`, "{{name}} denied"]
      ], { unit: perSecond }),
      series("Chaos", "Calls that something was injected into, a second. None where nobody asked for it.", [
        [`sum by (name, kind) (${rate("chaos_injected_calls_total")})`, "{{name}} {{kind}}"]
      ], { unit: perSecond })
    ]
  },
  {
    title: "Feeds, clocks and what is not understood",
    panels: [
      series("Connections lost", "Of feeds, in five minutes.", [
        [`sum by (exchange) (increase(exchange_feed_reconnects_total{${at}}[5m]))`, "{{exchange}}"]
      ]),
      series("Subscriptions made again", "In five minutes: what came could not be used, or nothing came.", [
        [`sum by (exchange) (increase(exchange_feed_resyncs_total{${at}}[5m]))`, "{{exchange}} could not be used"],
        [`sum by (exchange) (increase(exchange_feed_stale_total{${at}}[5m]))`, "{{exchange}} was stale"]
      ]),
      series("Silent feeds", "How long the feeds of an exchange have said nothing.", [
        [`time() - max by (exchange) (exchange_feed_heard_timestamp_seconds{${at}})`, "{{exchange}}"]
      ]),
      series("Not understood", "Frames of feeds and rows of answers that were left out, in five minutes.", [
        [`sum by (exchange) (increase(exchange_feed_unread_frames_total{${at}}[5m]))`, "{{exchange}} frames"],
        [
          `sum by (exchange, operation) (increase(exchange_unknown_rows_total{${at}}[5m]))`,
          "{{exchange}} rows of {{operation}}"
        ]
      ]),
      series("Clock skew", "The exchange's clock minus ours.", [
        [`max by (exchange) (exchange_clock_skew_seconds{${at}})`, "{{exchange}} at the most"],
        [`min by (exchange) (exchange_clock_skew_seconds{${at}})`, "{{exchange}} at the least"]
      ], { unit: "s" }),
      series("Unknown orders", "In an hour: nobody could find out what became of them. The service places none; programs do.", [
        [`sum by (exchange) (increase(exchange_unknown_orders_total{${at}}[1h]))`, "{{exchange}}"]
      ])
    ]
  },
  {
    title: "The process",
    panels: [
      series("Event loop lag", "How late it was, on average and at the most, in the last five seconds.", [
        ["max by (instance) (nodejs_eventloop_lag_mean_seconds)", "{{instance}} on average"],
        ["max by (instance) (nodejs_eventloop_lag_max_seconds)", "{{instance}} at the most"]
      ], { unit: "s" }),
      series("Memory", "The heap, as much of it as is used, and the whole process.", [
        ["max by (instance) (nodejs_heap_size_used_bytes)", "{{instance}} heap in use"],
        ["max by (instance) (nodejs_heap_size_total_bytes)", "{{instance}} heap"],
        ["max by (instance) (process_resident_memory_bytes)", "{{instance}} process"]
      ], { unit: "bytes", min: 0 }),
      series("Fibers", "Alive now. What only grows is a leak.", [
        ["max by (instance) (effect_fiber_active)", "{{instance}}"]
      ], { min: 0 }),
      series("Fibers begun and ended", "A second.", [
        [`sum(${rate("effect_fiber_started_total")})`, "begun"],
        [`sum(${rate("effect_fiber_successes_total")})`, "succeeded"],
        [`sum(${rate("effect_fiber_failures_total")})`, "failed"]
      ], { unit: "ops" }),
      series("Life of fibers", "95 % of those that ended lived no longer.", [
        [quantile(0.95, "effect_fiber_lifetimes", ["instance"]), "{{instance}}"]
      ], { unit: "ms" })
    ]
  }
]

const datasource = { type: "prometheus", uid: "${datasource}" }
const height = 8
const columns = 24

const mapped = (mappings = {}) =>
  Object.keys(mappings).length === 0 ? [] : [{
    type: "value",
    options: Object.fromEntries(
      Object.entries(mappings).map(([value, [text, color]], index) => [value, { text, color, index }])
    )
  }]

const optionsOf = {
  timeseries: {
    legend: { displayMode: "table", placement: "bottom", showLegend: true, calcs: ["lastNotNull", "max"] },
    tooltip: { mode: "multi", sort: "desc" }
  },
  stat: {
    colorMode: "background",
    graphMode: "none",
    justifyMode: "auto",
    textMode: "auto",
    orientation: "auto",
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }
  },
  "state-timeline": {
    alignValue: "left",
    mergeValues: true,
    rowHeight: 0.8,
    showValue: "never",
    legend: { displayMode: "list", placement: "bottom", showLegend: true },
    tooltip: { mode: "single", sort: "none" }
  }
}

const drawn = ({ description, mappings, min, queries, title, type, unit = "short" }, id, gridPos) => ({
  id,
  type,
  title,
  description,
  datasource,
  gridPos,
  fieldConfig: {
    defaults: {
      unit,
      ...min === undefined ? {} : { min },
      mappings: mapped(mappings),
      color: { mode: type === "timeseries" ? "palette-classic" : "thresholds" },
      thresholds: { mode: "absolute", steps: [{ color: "green", value: null }] },
      custom: type === "timeseries"
        ? { drawStyle: "line", fillOpacity: 8, lineWidth: 1, showPoints: "never", spanNulls: false }
        : {}
    },
    overrides: []
  },
  options: optionsOf[type],
  targets: queries.map(([expr, legendFormat], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource,
    editorMode: "code",
    expr,
    legendFormat,
    range: true,
    instant: false
  }))
})

const panels = () => {
  let id = 0
  let x = 0
  let y = 0
  const placed = []
  for (const row of rows) {
    placed.push({
      id: ++id,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: columns, h: 1 },
      panels: []
    })
    y += 1
    for (const panel of row.panels) {
      const w = panel.wide ? columns : columns / 3
      if (x + w > columns) {
        x = 0
        y += height
      }
      placed.push(drawn(panel, ++id, { x, y, w, h: height }))
      x += w
    }
    x = 0
    y += height
  }
  return placed
}

export const dashboard = () => ({
  uid: "effect-exchange",
  title: "Price service",
  description: "What exchange serve offers at /metrics. Written by scripts/dashboard.mjs: change it there.",
  tags: ["effect-exchange"],
  schemaVersion: 39,
  version: 1,
  editable: true,
  graphTooltip: 1,
  refresh: "30s",
  time: { from: "now-3h", to: "now" },
  timezone: "browser",
  annotations: { list: [] },
  links: [],
  templating: {
    list: [
      { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", current: {}, hide: 0 },
      {
        name: "exchange",
        label: "Exchange",
        type: "query",
        datasource,
        definition: "label_values(exchange_requests_total, exchange)",
        query: { query: "label_values(exchange_requests_total, exchange)", refId: "exchange" },
        includeAll: true,
        allValue: ".*",
        multi: true,
        current: { selected: true, text: ["All"], value: ["$__all"] },
        refresh: 2,
        sort: 1,
        hide: 0
      }
    ]
  },
  panels: panels()
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(
    new URL("../ops/grafana/dashboard.json", import.meta.url),
    `${JSON.stringify(dashboard(), undefined, 2)}\n`
  )
}
