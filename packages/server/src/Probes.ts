/**
 * The routes for orchestrators and scrapers: `/livez`, `/readyz`, `/startupz` and `/metrics`.
 *
 * `/livez` depends on nothing: it passes as long as the process responds, whatever the state of the exchanges.
 * `/startupz` passes once the markets of one exchange are loaded. `/readyz` fails while the service shuts down, and
 * when no exchange can serve. The bodies of the probes are `application/health+json`. They contain details on each
 * exchange only if the request has a valid token, or if no tokens are set.
 *
 * @since 0.1.0
 */
import { Health } from "@effect-exchange/core"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as Admission from "./Admission.js"
import * as Tokens from "./internal/tokens.js"
import { Lifecycle } from "./Lifecycle.js"
import * as PrometheusText from "./PrometheusText.js"

interface HealthDocument {
  readonly status: "pass" | "warn" | "fail"
  readonly output?: string | undefined
  readonly checks?: Readonly<Record<string, ReadonlyArray<Check>>> | undefined
}

interface Check {
  readonly componentType: string
  readonly status: "pass" | "warn" | "fail"
  readonly observedValue?: string | number | undefined
  readonly output?: string | undefined
}

const respond = (document: HealthDocument): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(document), {
    status: document.status === "fail" ? 503 : 200,
    contentType: "application/health+json",
    headers: { "cache-control": "no-store" }
  })

/** Converts a health report to the checks of a health document. */
const checksOf = ({ exchanges }: Health.Report): NonNullable<HealthDocument["checks"]> =>
  Object.fromEntries(exchanges.flatMap((one) => [
    [`${one.exchange}:service`, [{ componentType: "component", status: one.status, output: one.reason }]],
    ...one.breakers.map(({ capability, state }): [string, ReadonlyArray<Check>] => [
      `${one.exchange}:${capability}-breaker`,
      [{ componentType: "component", status: state === "Closed" ? "pass" : "warn", observedValue: state }]
    ])
  ]))

/**
 * Adds the routes to the service.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: {
  readonly tokens?: Admission.Options["tokens"]
}): Layer.Layer<never, never, Lifecycle | Health.Health> =>
  HttpApiBuilder.Router.use((router) =>
    Effect.gen(function*() {
      const { started, unready } = yield* Lifecycle
      const { report } = yield* Health.Health

      /** Includes details only if the request has a valid token. */
      const detailed = (document: HealthDocument) =>
        Effect.gen(function*() {
          const { headers } = yield* HttpServerRequest.HttpServerRequest
          if (!Tokens.admits(Tokens.current(options.tokens)(), headers["authorization"])) {
            return respond({ status: document.status })
          }
          return respond({ ...document, checks: checksOf(yield* report) })
        })

      yield* router.get(
        "/metrics",
        Effect.map(Metric.snapshot, (pairs) =>
          HttpServerResponse.text(PrometheusText.render(pairs), {
            contentType: PrometheusText.contentType,
            headers: { "cache-control": "no-store" }
          }))
      )
      yield* router.get("/livez", Effect.succeed(respond({ status: "pass" })))
      yield* router.get(
        "/readyz",
        Effect.flatMap(unready, (why) =>
          detailed(why === undefined ? { status: "pass" } : { status: "fail", output: why }))
      )
      yield* router.get(
        "/startupz",
        Effect.flatMap(started, (isStarted) =>
          detailed(isStarted ? { status: "pass" } : { status: "fail", output: "no markets have been loaded yet" }))
      )
    })
  )
