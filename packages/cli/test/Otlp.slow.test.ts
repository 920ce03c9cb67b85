import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { collector, serving } from "./collector.js"

const every = {
  OTEL_BSP_SCHEDULE_DELAY: "20",
  OTEL_BLRP_SCHEDULE_DELAY: "20",
  OTEL_METRIC_EXPORT_INTERVAL: "20",
  OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=canary",
  OTEL_EXPORTER_OTLP_TIMEOUT: "700"
}

/** The service at work for a while, longer than a batch may take. */
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

describe("a collector that does not take what it is sent", () => {
  it.live("is gone: the service goes on, says so once for each kind, and ends at once", () =>
    Effect.gen(function*() {
      const { close, url } = yield* collector()
      close()
      const { code, err, lines, stopping } = yield* serving({ ...every, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(code, 0)
      assert.isBelow(stopping, 5000)
      assert.sameDeepMembers(warnings(lines), [
        { kind: "traces", reason: "ECONNREFUSED" },
        { kind: "metrics", reason: "ECONNREFUSED" },
        { kind: "logs", reason: "ECONNREFUSED" }
      ])
      assert.notInclude(err, "canary")
    }).pipe(Effect.scoped))

  it.live("fails: the same, and nothing is repeated", () =>
    Effect.gen(function*() {
      const { paths, requests, url } = yield* collector(500)
      const { code, lines, stopping } = yield* serving({ ...every, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(code, 0)
      assert.isBelow(stopping, 5000)
      assert.sameDeepMembers(warnings(lines), [
        { kind: "traces", reason: "status 500" },
        { kind: "metrics", reason: "status 500" },
        { kind: "logs", reason: "status 500" }
      ])
      assert.strictEqual(requests.length, paths().length)
    }).pipe(Effect.scoped))

  it.live("has too much to do: it is asked again, later and later, for as long as a batch may take", () =>
    Effect.gen(function*() {
      const { requests, url } = yield* collector(503)
      const only = {
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_OTLP_TIMEOUT: "1400"
      }
      const { code, lines } = yield* serving({ ...every, ...only, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(warnings(lines), [{ kind: "metrics", reason: "status 503" }])
      assert.include([2, 3], requests.length)
    }).pipe(Effect.scoped))

  it.live("never answers: the same, and what is left when it ends is waited for three seconds", () =>
    Effect.gen(function*() {
      const { url } = yield* collector("never")
      const slow = yield* serving({ ...every, OTEL_EXPORTER_OTLP_ENDPOINT: url }, work)
      assert.strictEqual(slow.code, 0)
      assert.isBelow(slow.stopping, 5000)
      assert.deepStrictEqual(warnings(slow.lines).map(({ reason }) => reason), [
        "no response in time",
        "no response in time",
        "no response in time"
      ])

      const left = yield* serving({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, async (base) => {
        assert.strictEqual((await fetch(`${base}/v1/exchanges`)).status, 200)
      })
      assert.strictEqual(left.code, 0)
      assert.isBelow(left.stopping, 6000)
    }).pipe(Effect.scoped))
})

describe("a collector that takes its time", () => {
  it.live("has what was on its way when the service ended", () =>
    Effect.gen(function*() {
      const { bodies, exports, url } = yield* collector(200, 1000)
      const only = { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", OTEL_BSP_SCHEDULE_DELAY: "20" }
      const { code } = yield* serving({ ...only, OTEL_EXPORTER_OTLP_ENDPOINT: url }, async (base) => {
        await fetch(`${base}/v1/exchanges`)
        // Sent, and not answered.
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

describe("variables that cannot be honoured", () => {
  it.live("end the command before it serves, with a sentence and exit code 2", () =>
    Effect.gen(function*() {
      const refused = yield* serving({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc"
      }, async () => {})
      assert.isFalse(refused.served)
      assert.strictEqual(refused.code, 2)
      assert.include(refused.err, "OTEL_EXPORTER_OTLP_PROTOCOL cannot be \"grpc\"; expected http/json.")
    }))
})
