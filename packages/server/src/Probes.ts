/**
 * What an orchestrator and a scraper ask: `/livez`, `/readyz`, `/startupz` and `/metrics`.
 *
 * `/livez` asks nothing and nobody: it answers as long as the process does, whatever becomes of the exchanges. `/startupz`
 * passes when the markets of an exchange have been read. `/readyz` fails while the service drains, and when no exchange
 * can serve. Bodies are `application/health+json`; what there is to know of each exchange is told to who has a token, or
 * to all where none is set.
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
import type * as Door from "./Door.js"
import * as Tokens from "./internal/tokens.js"
import { Lifecycle } from "./Lifecycle.js"
import * as PrometheusText from "./PrometheusText.js"

interface Told {
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

const tell = (told: Told): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(told), {
    status: told.status === "fail" ? 503 : 200,
    contentType: "application/health+json",
    headers: { "cache-control": "no-store" }
  })

/** The exchanges as the checks of a health document. */
const checksOf = ({ exchanges }: Health.Report): NonNullable<Told["checks"]> =>
  Object.fromEntries(exchanges.flatMap((one) => [
    [`${one.exchange}:service`, [{ componentType: "component", status: one.status, output: one.reason }]],
    ...one.breakers.map(({ capability, state }): [string, ReadonlyArray<Check>] => [
      `${one.exchange}:${capability}-breaker`,
      [{ componentType: "component", status: state === "Closed" ? "pass" : "warn", observedValue: state }]
    ])
  ]))

/**
 * Adds them to the service.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: {
  readonly tokens?: Door.Options["tokens"]
}): Layer.Layer<never, never, Lifecycle | Health.Health> =>
  HttpApiBuilder.Router.use((router) =>
    Effect.gen(function*() {
      const { started, unready } = yield* Lifecycle
      const { report } = yield* Health.Health

      /** Detail only for who may see it. */
      const detailed = (told: Told) =>
        Effect.gen(function*() {
          const { headers } = yield* HttpServerRequest.HttpServerRequest
          if (!Tokens.admits(Tokens.current(options.tokens)(), headers["authorization"])) {
            return tell({ status: told.status })
          }
          return tell({ ...told, checks: checksOf(yield* report) })
        })

      yield* router.get(
        "/metrics",
        Effect.map(Metric.snapshot, (pairs) =>
          HttpServerResponse.text(PrometheusText.render(pairs), {
            contentType: PrometheusText.contentType,
            headers: { "cache-control": "no-store" }
          }))
      )
      yield* router.get("/livez", Effect.succeed(tell({ status: "pass" })))
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
