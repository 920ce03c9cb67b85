import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import * as OtlpSettings from "../src/OtlpSettings.js"
import { collector, type Export, labelsOf, runService } from "./collector.js"

const read = (variables: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(OtlpSettings.read, ConfigProvider.fromMap(new Map(Object.entries(variables))))

const urls = (
  settings: OtlpSettings.Settings
) => [settings.traces?.url, settings.metrics?.url, settings.logs?.url]

describe("OTLP settings", () => {
  it.effect("are off without an endpoint, with an empty one, and when everything is disabled", () =>
    Effect.gen(function*() {
      for (
        const variables of [
          {},
          { OTEL_SERVICE_NAME: "prices", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
          { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
          { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", OTEL_SDK_DISABLED: "TRUE" },
          {
            OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318",
            OTEL_TRACES_EXPORTER: "none",
            OTEL_METRICS_EXPORTER: "none",
            OTEL_LOGS_EXPORTER: "none"
          }
        ]
      ) assert.isTrue(OtlpSettings.isNothing(yield* read(variables)))
    }))

  it.effect("have all three signals under one endpoint, or each at its own unchanged endpoint", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(urls(yield* read({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example/otlp/" })), [
        "https://collector.example/otlp/v1/traces",
        "https://collector.example/otlp/v1/metrics",
        "https://collector.example/otlp/v1/logs"
      ])
      assert.deepStrictEqual(urls(yield* read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces.example/in" })), [
        "http://traces.example/in",
        undefined,
        undefined
      ])
      assert.deepStrictEqual(urls(yield* read({ OTEL_METRICS_EXPORTER: "otlp" })), [
        undefined,
        "http://localhost:4318/v1/metrics",
        undefined
      ])
    }))

  it.effect("have the defaults of the specification, and a service name and version", () =>
    Effect.gen(function*() {
      const settings = yield* read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" })
      assert.deepInclude(settings, {
        resource: { serviceName: "effect-exchange", serviceVersion: "0.1.0", attributes: {} },
        sampler: { byParent: true, ratio: 1 }
      })
      const intervals = [settings.traces, settings.metrics, settings.logs].map((target) => String(target?.interval))
      assert.deepStrictEqual(intervals, ["Duration(5s)", "Duration(1m)", "Duration(1s)"])
      assert.strictEqual(String(settings.traces?.timeout), "Duration(10s)")
    }))

  it.effect("take the service name from OTEL_SERVICE_NAME before the percent-encoded resource attributes", () =>
    Effect.gen(function*() {
      const attributes = "service.name=other, deployment.environment.name=test%2Ced ,service.version=7"
      const named = yield* read({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318",
        OTEL_RESOURCE_ATTRIBUTES: attributes,
        OTEL_SERVICE_NAME: "prices"
      })
      assert.deepStrictEqual(named?.resource, {
        serviceName: "prices",
        serviceVersion: "7",
        attributes: { "deployment.environment.name": "test,ed" }
      })
      const unnamed = yield* read({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318",
        OTEL_RESOURCE_ATTRIBUTES: attributes
      })
      assert.strictEqual(unnamed?.resource.serviceName, "other")
    }))

  it.effect("keep headers secret, and let headers of a signal override the common ones", () =>
    Effect.gen(function*() {
      const settings = yield* read({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318",
        OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20canary,x-team=a=b",
        OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-team=logs"
      })
      assert.notInclude(JSON.stringify(settings), "canary")
      assert.deepStrictEqual(settings.traces && Redacted.value(settings.traces.headers), [
        ["authorization", "Bearer canary"],
        ["x-team", "a=b"]
      ])
      assert.deepStrictEqual(settings.logs && Redacted.value(settings.logs.headers), [
        ["authorization", "Bearer canary"],
        ["x-team", "logs"]
      ])
    }))

  it.effect("have a sampler for each sampler name", () =>
    Effect.gen(function*() {
      const samplers = {
        always_on: { byParent: false, ratio: 1 },
        always_off: { byParent: false, ratio: 0 },
        traceidratio: { byParent: false, ratio: 0.25 },
        parentbased_always_on: { byParent: true, ratio: 1 },
        parentbased_always_off: { byParent: true, ratio: 0 },
        parentbased_traceidratio: { byParent: true, ratio: 0.25 }
      }
      for (const [name, sampler] of Object.entries(samplers)) {
        const settings = yield* read({
          OTEL_TRACES_EXPORTER: "otlp",
          OTEL_TRACES_SAMPLER: name,
          OTEL_TRACES_SAMPLER_ARG: "0.25"
        })
        assert.deepStrictEqual(settings.sampler, sampler)
      }
    }))

  it.effect("reject invalid values with a message that names the variable without its secrets", () =>
    Effect.gen(function*() {
      const sentences: ReadonlyArray<readonly [variable: string, value: string, sentence: string]> = [
        [
          "OTEL_EXPORTER_OTLP_PROTOCOL",
          "grpc",
          "OTEL_EXPORTER_OTLP_PROTOCOL cannot be \"grpc\"; expected http/json."
        ],
        [
          "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
          "http/protobuf",
          "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL cannot be \"http/protobuf\"; expected http/json."
        ],
        ["OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER cannot be \"zipkin\"; expected one of otlp, none."],
        [
          "OTEL_TRACES_SAMPLER",
          "jaeger_remote",
          "OTEL_TRACES_SAMPLER cannot be \"jaeger_remote\"; expected one of always_on, always_off, traceidratio, "
          + "parentbased_always_on, parentbased_always_off, parentbased_traceidratio."
        ],
        [
          "OTEL_METRIC_EXPORT_INTERVAL",
          "1m",
          "OTEL_METRIC_EXPORT_INTERVAL cannot be \"1m\"; expected milliseconds from 1 to 99999999."
        ],
        [
          "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
          "collector/canary",
          "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is not a URL; expected one such as http://localhost:4318 or https://collector.example."
        ],
        [
          "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
          "https://user:canary@collector.example",
          "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT contains a user name or a password; put credentials in OTEL_EXPORTER_OTLP_HEADERS."
        ],
        [
          "OTEL_EXPORTER_OTLP_HEADERS",
          "x-one=1,canary",
          "OTEL_EXPORTER_OTLP_HEADERS is invalid from entry 2 on; expected name=value,other=value."
        ],
        [
          "OTEL_EXPORTER_OTLP_HEADERS",
          "x-one=canary%0d%0ax-two:%20b",
          "OTEL_EXPORTER_OTLP_HEADERS is invalid from entry 1 on; expected name=value,other=value."
        ],
        [
          "OTEL_RESOURCE_ATTRIBUTES",
          "a=%zz",
          "OTEL_RESOURCE_ATTRIBUTES is invalid from entry 1 on; expected name=value,other=value."
        ],
        [
          "OTEL_EXPORTER_OTLP_CERTIFICATE",
          "/ca.pem",
          "OTEL_EXPORTER_OTLP_CERTIFICATE is not supported; set NODE_EXTRA_CA_CERTS to the certificate authority of the collector."
        ]
      ]
      for (const [variable, value, sentence] of sentences) {
        const error = yield* Effect.flip(
          read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", [variable]: value })
        )
        assert.strictEqual(error.message, sentence)
      }
      const ratio = yield* Effect.flip(read({
        OTEL_TRACES_EXPORTER: "otlp",
        OTEL_TRACES_SAMPLER: "traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "2"
      }))
      assert.strictEqual(
        ratio.message,
        "OTEL_TRACES_SAMPLER_ARG cannot be \"2\"; expected a number from 0 to 1, such as 0.25."
      )
    }))
})

const resourceOf = ({ resource }: Export) => labelsOf(resource.attributes)

describe("OTLP export", () => {
  it.live("sends spans, metrics with labels and log lines of this service, without secrets", () =>
    Effect.gen(function*() {
      const { exports, paths, requests, url } = yield* collector()
      const { code, err } = yield* runService({
        EXCHANGE_SERVER_TOKENS: "canary-token",
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=canary-collector",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
        OTEL_SERVICE_NAME: "prices"
      }, async (base) => {
        const headers = { authorization: "Bearer canary-token", "x-other": "canary-header" }
        assert.strictEqual((await fetch(`${base}/v1/prices/BTC/USDT?source=okx`, { headers })).status, 200)
        assert.strictEqual((await fetch(`${base}/canary-path?key=canary-query`, { headers })).status, 404)
        assert.strictEqual((await fetch(`${base}/readyz`)).status, 200)
        assert.strictEqual((await fetch(`${base}/metrics`, { headers })).status, 200)
      })
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(paths(), ["/v1/logs", "/v1/metrics", "/v1/traces"])
      for (const { headers } of requests) {
        assert.strictEqual(headers["content-type"], "application/json")
        assert.strictEqual(headers["x-collector-key"], "canary-collector")
      }

      const sent = exports()
      const spans = sent.flatMap((each) => each.spans)
      const served = spans.find(({ name }) => name === "GET /v1/prices/{base}/{quote}")
      assert.deepStrictEqual(served && labelsOf(served.attributes), {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/v1/prices/{base}/{quote}",
        "url.scheme": "http"
      })
      assert.strictEqual(served?.kind, 2)
      // It contains the span of the request to the exchange.
      const within = spans.filter(({ traceId }) => traceId === served?.traceId)
      assert.include(within.map(({ parentSpanId }) => parentSpanId), served?.spanId)
      assert.include(within.map(({ attributes }) => labelsOf(attributes)["exchange.name"]), "okx")
      assert.deepStrictEqual(spans.map(({ name }) => name).filter((name) => name.startsWith("GET")), [
        "GET /v1/prices/{base}/{quote}",
        "GET other"
      ])

      const requestsTotal = sent.flatMap((each) => each.metrics).find(({ name }) => name === "server_requests_total")
      const points = requestsTotal?.sum?.dataPoints.map(({ attributes }) => labelsOf(attributes))
      assert.deepInclude(points ?? [], { route: "/v1/prices/{base}/{quote}", status: "200" })

      const lines = sent.flatMap((each) => each.logs)
      const line = lines.find(({ body }) => JSON.stringify(body).includes("Shutting down: no longer ready"))
      assert.strictEqual(line?.severityText, "INFO")

      const instances = new Set(sent.map((each) => resourceOf(each)["service.instance.id"]))
      assert.strictEqual(instances.size, 1)
      for (const each of sent) {
        assert.deepInclude(resourceOf(each), {
          "service.name": "prices",
          "service.version": "0.1.0",
          "deployment.environment.name": "test"
        })
        assert.strictEqual(each.resource.attributes.length, 4)
      }
      assert.notInclude(requests.map(({ body }) => body).join("\n"), "canary")
      assert.notInclude(err, "canary")
    }).pipe(Effect.scoped))

  it.live("sends nothing without variables, and no signals that are turned off", () =>
    Effect.gen(function*() {
      const { paths, url } = yield* collector()
      const ask = async (base: string) => assert.strictEqual((await fetch(`${base}/v1/exchanges`)).status, 200)
      assert.strictEqual((yield* runService({}, ask)).code, 0)
      assert.strictEqual(
        (yield* runService({ OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: url }, ask)).code,
        0
      )
      assert.deepStrictEqual(paths(), [])
      const only = { OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: url }
      assert.strictEqual((yield* runService(only, ask)).code, 0)
      assert.deepStrictEqual(paths(), ["/v1/metrics"])
    }).pipe(Effect.scoped))

  it.live("sends while the service runs, at the configured interval", () =>
    Effect.gen(function*() {
      const { paths, url } = yield* collector()
      yield* runService({
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_LOGS_EXPORTER: "none",
        OTEL_METRIC_EXPORT_INTERVAL: "20",
        OTEL_BSP_SCHEDULE_DELAY: "20"
      }, async (base) => {
        await fetch(`${base}/v1/exchanges`)
        while (paths().length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
      })
      assert.deepStrictEqual(paths(), ["/v1/metrics", "/v1/traces"])
    }).pipe(Effect.scoped))

  it.live("sends only the spans that the configured sampler selects", () =>
    Effect.gen(function*() {
      const trace = (sampled: boolean) => `00-${"a".repeat(32)}-${"b".repeat(16)}-0${sampled ? 1 : 0}`
      const spansOf = (variables: Readonly<Record<string, string>>) =>
        Effect.gen(function*() {
          const { exports, url } = yield* collector()
          yield* runService({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url, ...variables }, async (base) => {
            await fetch(`${base}/v1/exchanges`)
            await fetch(`${base}/docs`, { headers: { traceparent: trace(true) } })
            await fetch(`${base}/openapi.json`, { headers: { traceparent: trace(false) } })
          })
          return exports().flatMap(({ spans }) => spans).map(({ name }) => name).filter((name) =>
            name.startsWith("GET")
          )
        })
      assert.deepStrictEqual(yield* spansOf({}), ["GET /v1/exchanges", "GET /docs"])
      assert.deepStrictEqual(yield* spansOf({ OTEL_TRACES_SAMPLER: "parentbased_always_off" }), ["GET /docs"])
      assert.deepStrictEqual(yield* spansOf({ OTEL_TRACES_SAMPLER: "always_off" }), [])
      assert.deepStrictEqual(yield* spansOf({ OTEL_TRACES_SAMPLER: "always_on" }), [
        "GET /v1/exchanges",
        "GET /docs",
        "GET /openapi.json"
      ])
      // The trace id made of `a` is sampled from a ratio of two thirds on.
      const ofCallers = ["GET /docs", "GET /openapi.json"]
      for (const [share, names] of [["0.7", ofCallers], ["0.6", []]] as const) {
        const variables = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: share }
        assert.deepStrictEqual((yield* spansOf(variables)).filter((name) => ofCallers.includes(name)), names)
      }
    }).pipe(Effect.scoped))
})
