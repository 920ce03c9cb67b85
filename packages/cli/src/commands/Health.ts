/**
 * `exchange health`: whether each exchange answers, and the state of its client.
 *
 * @since 0.1.0
 */
import { Health } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { advice } from "../Advice.js"
import * as Answers from "../Answers.js"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
import * as PriceTable from "../PriceTable.js"
import * as Quotes from "../Quotes.js"
import * as Screen from "../Screen.js"
import * as Table from "../Table.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly json: boolean
}

/**
 * The type of {@link Checkup}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Checkup extends Schema.Schema.Type<typeof Checkup> {}

/**
 * The health of an exchange after asking it for its time, with the effort of that request.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Checkup = Schema.Struct({
  ...Health.ExchangeHealth.fields,
  latencyMillis: Schema.Number,
  attempts: Schema.Number,
  retries: Schema.Number,
  advice: Schema.optional(Schema.String)
})

/**
 * The JSON document that `--json` prints. `status` is `fail` only if every exchange fails.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ status: Health.Status, exchanges: Schema.Array(Checkup) }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Asks each exchange for its time and prints its health. Fails with `Incomplete` if an exchange fails.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<void, UsageError | Incomplete, Connections.Network | Screen.Screen> {
  const screen = yield* Screen.Screen
  const exchanges = yield* Effect.scoped(
    Effect.flatMap(
      Connections.open(input),
      (connections) => Concurrent.forEach(connections, (connection) => check(connection), { concurrency: "unbounded" })
    )
  )
  if (input.json) {
    yield* Screen.line(encode({ status: overall(exchanges), exchanges }))
  } else {
    yield* Screen.line(table(exchanges, screen.colors))
    const failing = exchanges.filter(({ status }) => status !== "pass")
    const remarks = failing.map(({ advice, exchange, reason, status }) =>
      `${exchange}: ${status}: ${reason ?? "no reason given"}.${advice === undefined ? "" : ` ${advice}`}`
    )
    const below = [...remarks, ...Answers.simulation(input)]
    if (below.length > 0) yield* Screen.line(`\n${below.join("\n")}`)
  }
  const failed = exchanges.filter(({ status }) => status === "fail").map(({ exchange }) => exchange)
  if (failed.length > 0) return yield* new Incomplete({ exchanges: failed })
})

const check = ({ health, market }: Connections.Connection): Effect.Effect<Checkup> =>
  Effect.gen(function*() {
    const { attempts, latencyMillis, result, retries } = yield* Quotes.measure(market.serverTime)
    const report = { ...yield* health, attempts, retries, latencyMillis }
    return Either.match(result, {
      onLeft: (error) => ({
        ...report,
        status: "fail" as const,
        reason: `its time could not be read: ${error.message} (${error._tag})`,
        advice: advice(error)
      }),
      onRight: () => report
    })
  })

const overall = (exchanges: ReadonlyArray<Checkup>): Health.Status => {
  if (exchanges.every(({ status }) => status === "fail")) return "fail"
  return exchanges.every(({ status }) => status === "pass") ? "pass" : "warn"
}

const tones: { readonly [S in Health.Status]: Table.Tone } = { pass: "good", warn: "plain", fail: "bad" }

const table = (exchanges: ReadonlyArray<Checkup>, colors: boolean): string =>
  Table.render(
    [
      { title: "exchange" },
      { title: "environment" },
      { title: "status" },
      { title: "latency", align: "right" },
      { title: "attempts", align: "right" },
      { title: "breaker" },
      { title: "limit used", align: "right" },
      { title: "clock skew", align: "right" }
    ],
    exchanges.map((exchange) => [
      exchange.exchange,
      exchange.environment,
      { text: exchange.status, tone: tones[exchange.status] },
      `${exchange.latencyMillis} ms`,
      String(exchange.attempts),
      PriceTable.breakerCell(Quotes.breakerIn(exchange)),
      PriceTable.percent(Quotes.limitUsed(exchange)),
      `${exchange.clockSkewMillis} ms`
    ]),
    colors
  )
