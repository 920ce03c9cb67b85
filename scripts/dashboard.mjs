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
        description: "Whether an instance is ready: at least one exchange is available, and the instance is not shutting down.",
        queries: [["min by (instance) (server_ready)", "{{instance}}"]],
        mappings: { 0: ["not ready", "red"], 1: ["ready", "green"] }
      },
      series("Requests", "Responses per second, by path template and status.", [
        [`sum by (route, status) (${rate("server_requests_total")})`, "{{route}} {{status}}"]
      ], { unit: perSecond }),
      series("Failed requests", "The share of requests that failed with 5xx. At most 0.1 % is allowed.", [
        [
          `sum(${rate("server_requests_total", "status=~\"5..\"")}) / sum(${rate("server_requests_total")})`,
          "failed"
        ]
      ], share),
      series("Response time", "Without streams, because they stay open.", [
        [quantile(0.5, "server_request_duration_seconds", [], "route!=\"/v1/stream\""), "median"],
        [quantile(0.95, "server_request_duration_seconds", [], "route!=\"/v1/stream\""), "95th percentile"],
        [quantile(0.99, "server_request_duration_seconds", [], "route!=\"/v1/stream\""), "99th percentile"]
      ], { unit: "s" }),
      series("In progress", "Requests and streams in progress.", [
        ["sum by (instance) (server_requests_in_flight)", "{{instance}}"]
      ], { min: 0 }),
      series("Shed requests", "Requests refused per second, by reason: the service is too busy, a client exceeds its rate limit, or too many streams are open.", [
        [`sum by (reason) (${rate("server_shed_total")})`, "{{reason}}"]
      ], { unit: perSecond })
    ]
  },
  {
    title: "Operations at exchanges",
    panels: [
      series("Operations", "Finished operations per second.", [
        [`sum by (exchange, operation) (${rate("exchange_requests_total", at)})`, "{{exchange}} {{operation}}"]
      ], { unit: perSecond }),
      series("Failed operations", "Failed operations per second, by error.", [
        [
          `sum by (exchange, operation, error) (${rate("exchange_requests_total", `${at}, error!="none"`)})`,
          "{{exchange}} {{operation}} {{error}}"
        ]
      ], { unit: perSecond }),
      series("Share of failed operations", "The share of each exchange's operations that failed, including retries.", [
        [
          `sum by (exchange) (${rate("exchange_requests_total", `${at}, error!="none"`)}) `
          + `/ sum by (exchange) (${rate("exchange_requests_total", at)})`,
          "{{exchange}}"
        ]
      ], share),
      series("Duration of operations", "95th percentile, including queueing and retries.", [
        [
          quantile(0.95, "exchange_request_duration_seconds", ["exchange", "operation"], at),
          "{{exchange}} {{operation}}"
        ]
      ], { unit: "s" }),
      series("Attempts", "Attempts sent per second, by error.", [
        [`sum by (exchange, error) (${rate("exchange_attempts_total", at)})`, "{{exchange}} {{error}}"]
      ], { unit: perSecond }),
      series("Duration of attempts", "95th percentile, from signing to the decoded response.", [
        [
          quantile(0.95, "exchange_attempt_duration_seconds", ["exchange", "operation"], at),
          "{{exchange}} {{operation}}"
        ]
      ], { unit: "s" }),
      series("Retries", "Retried attempts per second, by error.", [
        [`sum by (exchange, error) (${rate("exchange_retries_total", at)})`, "{{exchange}} {{error}}"]
      ], { unit: perSecond }),
      series("Retry results", "Calls per second that failed or were retried, by result.", [
        [`sum by (name, kind) (${rate("retry_calls_total", named)})`, "{{name}} {{kind}}"]
      ], { unit: perSecond }),
      series("Timeouts", "Attempts and calls per second that took too long.", [
        [`sum by (name, kind) (${rate("timelimiter_calls_total")})`, "{{name}} {{kind}}"]
      ], { unit: perSecond }),
      series("Failovers", "Calls of a composite per second that moved on to the next source, by the exchange that failed.", [
        [`sum by (exchange, error) (${rate("exchange_failovers_total", at)})`, "{{exchange}} {{error}}"]
      ], { unit: perSecond }),
      series("Last known prices", "Last known prices served per second because no source was available.", [
        [`sum by (exchange) (${rate("exchange_last_known_prices_total")})`, "{{exchange}}"]
      ], { unit: perSecond }),
      series("Shared runs", "Calls per second that waited for the run of another caller.", [
        [`sum by (name) (${rate("singleflight_coalesced_calls_total", named)})`, "{{name}}"]
      ], { unit: perSecond })
    ]
  },
  {
    title: "Limits and bans",
    panels: [
      series("Limits in use", "The used share of each limit of the exchange.", [
        [`max by (exchange, scope) (exchange_limiter_usage_ratio{${at}})`, "{{exchange}} {{scope}}"],
        [`max by (name) (ratelimiter_usage_ratio{${named}})`, "{{name}} at its last change"]
      ], share),
      series("Waiting for a limit", "95th percentile of the time that calls wait for the rate limit and the bulkhead.", [
        [quantile(0.95, "exchange_queue_wait_seconds", ["exchange", "operation"], at), "{{exchange}} {{operation}}"]
      ], { unit: "s" }),
      series("Queued calls", "Calls that are waiting now.", [
        [`sum by (name) (ratelimiter_waiting_calls{${named}})`, "{{name}}, for the rate limit"],
        [`sum by (name) (bulkhead_waiting_calls{${named}})`, "{{name}}, for a permit"]
      ], { min: 0 }),
      series("Refused by a limit", "Calls per second that were refused by a rate limit or a bulkhead.", [
        [`sum by (name, reason) (${rate("ratelimiter_refused_calls_total", named)})`, "{{name}} {{reason}}"],
        [`sum by (name) (${rate("bulkhead_refused_calls_total", named)})`, "{{name}} no permit"]
      ], { unit: perSecond }),
      series("Concurrency", "The number of calls that may run concurrently.", [
        [`max by (name) (bulkhead_max_allowed_concurrent_calls{${named}})`, "{{name}}"]
      ], { min: 0 }),
      series("Banned for", "The time until the exchange's ban of this address or key ends.", [
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
        description: "The worst state among all instances.",
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
      series("State changes", "State changes per minute.", [
        [`60 * sum by (name, from, to) (${rate("circuitbreaker_transitions_total", named)})`, "{{name}} {{from}} to {{to}}"]
      ]),
      series("Refused by a breaker", "Refused calls per second.", [
        [`sum by (name) (${rate("circuitbreaker_not_permitted_calls_total", named)})`, "{{name}}"]
      ], { unit: perSecond }),
      series("Hedges", "Attempts per second that were started because an earlier one was slow, that won, and that the budget denied.", [
        [`sum by (name) (${rate("hedge_started_attempts_total")})`, "{{name}} started"],
        [`sum by (name) (${rate("hedge_won_calls_total")})`, "{{name}} won"],
        [`sum by (name) (${rate("hedge_denied_attempts_total")})`, "{{name}} denied"]
      ], { unit: perSecond }),
      series("Chaos", "Calls per second with an injected fault. None unless chaos is configured.", [
        [`sum by (name, kind) (${rate("chaos_injected_calls_total")})`, "{{name}} {{kind}}"]
      ], { unit: perSecond })
    ]
  },
  {
    title: "Feeds, clocks and undecodable data",
    panels: [
      series("Lost connections", "Connections of feeds lost in five minutes.", [
        [`sum by (exchange) (increase(exchange_feed_reconnects_total{${at}}[5m]))`, "{{exchange}}"]
      ]),
      series("Renewed subscriptions", "Subscriptions renewed in five minutes, because their data could not be used or did not arrive.", [
        [`sum by (exchange) (increase(exchange_feed_resyncs_total{${at}}[5m]))`, "{{exchange}} unusable data"],
        [`sum by (exchange) (increase(exchange_feed_stale_total{${at}}[5m]))`, "{{exchange}} no data"]
      ]),
      series("Silent feeds", "The time since the last message from the feeds of each exchange.", [
        [`time() - max by (exchange) (exchange_feed_last_message_timestamp_seconds{${at}})`, "{{exchange}}"]
      ]),
      series("Undecodable data", "Frames of feeds and rows of responses that could not be decoded and were left out, in five minutes.", [
        [`sum by (exchange) (increase(exchange_feed_unread_frames_total{${at}}[5m]))`, "{{exchange}} frames"],
        [
          `sum by (exchange, operation) (increase(exchange_unknown_rows_total{${at}}[5m]))`,
          "{{exchange}} rows of {{operation}}"
        ]
      ]),
      series("Clock skew", "The exchange's clock minus the local clock.", [
        [`max by (exchange) (exchange_clock_skew_seconds{${at}})`, "{{exchange}} maximum"],
        [`min by (exchange) (exchange_clock_skew_seconds{${at}})`, "{{exchange}} minimum"]
      ], { unit: "s" }),
      series("Unknown orders", "Orders in an hour whose outcome could not be determined. The service places no orders; programs do.", [
        [`sum by (exchange) (increase(exchange_unknown_orders_total{${at}}[1h]))`, "{{exchange}}"]
      ])
    ]
  },
  {
    title: "The process",
    panels: [
      series("Event loop lag", "Mean and maximum lag of the event loop in the last five seconds.", [
        ["max by (instance) (nodejs_eventloop_lag_mean_seconds)", "{{instance}} mean"],
        ["max by (instance) (nodejs_eventloop_lag_max_seconds)", "{{instance}} maximum"]
      ], { unit: "s" }),
      series("Memory", "The used heap, the total heap, and the resident memory of the process.", [
        ["max by (instance) (nodejs_heap_size_used_bytes)", "{{instance}} used heap"],
        ["max by (instance) (nodejs_heap_size_total_bytes)", "{{instance}} total heap"],
        ["max by (instance) (process_resident_memory_bytes)", "{{instance}} process"]
      ], { unit: "bytes", min: 0 }),
      series("Fibers", "Fibers that are alive now. A number that only grows indicates a leak.", [
        ["max by (instance) (effect_fiber_active)", "{{instance}}"]
      ], { min: 0 }),
      series("Started and ended fibers", "Fibers per second.", [
        [`sum(${rate("effect_fiber_started_total")})`, "started"],
        [`sum(${rate("effect_fiber_successes_total")})`, "succeeded"],
        [`sum(${rate("effect_fiber_failures_total")})`, "failed"]
      ], { unit: "ops" }),
      series("Fiber lifetime", "95th percentile of the lifetime of ended fibers.", [
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
  description: "The metrics that exchange serve exposes at /metrics. Generated by scripts/dashboard.mjs; edit that file instead.",
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
