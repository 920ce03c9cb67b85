import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { collector, runService } from "./collector.js"

const frequent = {
  OTEL_BSP_SCHEDULE_DELAY: "20",
  OTEL_BLRP_SCHEDULE_DELAY: "20",
  OTEL_METRIC_EXPORT_INTERVAL: "20",
  OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=canary",
  OTEL_EXPORTER_OTLP_TIMEOUT: "700"
}

/** Uses the service longer than the export of a batch may take. */
const work = async (base: string) => {
  const until = performance.now() + 1500
  while (performance.now() < until) {
    const asked = performance.now()
    assert.strictEqual((await fetch(`${base}/v1/prices/BTC/USDT?source=okx`)).status, 200)
    assert.isBelow(performance.now() - asked, 5000)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const warnings = (lines: ReadonlyArray<string>) =>
  lines.map((line) => JSON.parse(line)).filter(({ logLevel }) => logLevel === "WARN").map(({ message }) => message[1])

describe("a collector that accepts nothing", () => {
  it.live("that is down: the service continues, warns once per signal and stops promptly", () =>
    Effect.gen(function*() {
      const { close, url } = yield* collector()
      close()
      const { code, err, lines, stopping } = yield* runService({ ...frequent, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(code, 0)
      assert.isBelow(stopping, 5000)
      assert.sameDeepMembers(warnings(lines), [
        { kind: "traces", reason: "ECONNREFUSED" },
        { kind: "metrics", reason: "ECONNREFUSED" },
        { kind: "logs", reason: "ECONNREFUSED" }
      ])
      assert.notInclude(err, "canary")
    }).pipe(Effect.scoped))

  it.live("that responds with 500: the service warns once per signal and does not retry", () =>
    Effect.gen(function*() {
      const { paths, requests, url } = yield* collector(500)
      const { code, lines, stopping } = yield* runService({ ...frequent, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(code, 0)
      assert.isBelow(stopping, 5000)
      assert.sameDeepMembers(warnings(lines), [
        { kind: "traces", reason: "status 500" },
        { kind: "metrics", reason: "status 500" },
        { kind: "logs", reason: "status 500" }
      ])
      assert.strictEqual(requests.length, paths().length)
    }).pipe(Effect.scoped))

  it.live("that responds with 503: the service retries with backoff until the timeout of the batch", () =>
    Effect.gen(function*() {
      const { requests, url } = yield* collector(503)
      const only = {
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_OTLP_TIMEOUT: "1400"
      }
      const { code, lines } = yield* runService({ ...frequent, ...only, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(warnings(lines), [{ kind: "metrics", reason: "status 503" }])
      assert.include([2, 3], requests.length)
    }).pipe(Effect.scoped))

  it.live("that never responds: the service warns once per signal, and the final export does not delay the exit for long", () =>
    Effect.gen(function*() {
      const { url } = yield* collector("never")
      const slow = yield* runService({ ...frequent, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(slow.code, 0)
      assert.isBelow(slow.stopping, 5000)
      assert.deepStrictEqual(warnings(slow.lines).map(({ reason }) => reason), [
        "no response in time",
        "no response in time",
        "no response in time"
      ])

      const left = yield* runService({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, async (base) => {
        assert.strictEqual((await fetch(`${base}/v1/exchanges`)).status, 200)
      })
      assert.strictEqual(left.code, 0)
      assert.isBelow(left.stopping, 6000)
    }).pipe(Effect.scoped))
})

describe("a slow collector", () => {
  it.live("receives what was being exported when the service stopped", () =>
    Effect.gen(function*() {
      const { bodies, exports, url } = yield* collector(200, 1000)
      const only = { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", OTEL_BSP_SCHEDULE_DELAY: "20" }
      const { code } = yield* runService({ ...only, OTEL_EXPORTER_OTLP_ENDPOINT: url }, async (base) => {
        await fetch(`${base}/v1/exchanges`)
        // Sent, but not answered yet.
        while (!bodies.some((body) => body.includes("GET /v1/exchanges"))) {
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        await fetch(`${base}/openapi.json`)
      })
      assert.strictEqual(code, 0)
      const names = exports().flatMap(({ spans }) => spans).map(({ name }) => name).filter((name) =>
        name.startsWith("GET")
      )
      assert.deepStrictEqual(names.toSorted(), ["GET /openapi.json", "GET /v1/exchanges"])
    }).pipe(Effect.scoped))
})

describe("variables that are not supported", () => {
  it.live("stop the command before it serves, with a message and exit code 2", () =>
    Effect.gen(function*() {
      const refused = yield* runService({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc"
      }, async () => {})
      assert.isFalse(refused.served)
      assert.strictEqual(refused.code, 2)
      assert.include(refused.err, "OTEL_EXPORTER_OTLP_PROTOCOL cannot be \"grpc\"; expected http/json.")
    }))
})
