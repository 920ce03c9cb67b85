/**
 * The control API of a running simulator: requests to `/_simulator` and below, next to the exchange's own paths.
 *
 * @internal
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Dialect from "../Dialect.js"
import * as Faults from "../engine/Faults.js"
import * as Decimal from "../engine/internal/decimal.js"
import type * as Simulator from "../Simulator.js"
import { disturbances } from "./connections.js"
import { fromBody } from "./inputs.js"
import type { Json } from "./json.js"

/** @internal */
export const isControl = ({ target }: Dialect.SimulatedRequest): boolean =>
  /^\/_simulator(\/|$)/.test(Dialect.pathOf(target))

type Row = readonly [
  method: string,
  path: string,
  handle: (
    simulator: Simulator.Simulator,
    request: Dialect.SimulatedRequest,
    name: string
  ) => Effect.Effect<Json, ParseResult.ParseError | Simulator.PriceRejected | Simulator.FillRejected>
]

const presets = { none: Faults.none, flaky: Faults.flaky, outage: Faults.outage }
const NewFaults = Schema.Union(Schema.Literal("none", "flaky", "outage"), Faults.FromJson)
const NewPrice = Schema.Struct({ last: Schema.String })
const NewFill = Schema.Struct({ amount: Schema.optional(Schema.String) })

const NewDisturbance = Schema.Union(
  Schema.Literal(...disturbances),
  Schema.Struct({ close: Schema.Int.pipe(Schema.between(1000, 4999)), reason: Schema.optional(Schema.String) }),
  Schema.Struct({ delist: Schema.NonEmptyString }),
  Schema.Struct({ mute: Schema.NonEmptyString }),
  Schema.Struct({ slow: Schema.Int.pipe(Schema.between(1, 600_000)) })
)

const disturbanceOf = (input: typeof NewDisturbance.Type): Simulator.Disturbance => {
  if (typeof input === "string") return { _tag: input }
  if ("delist" in input) return { _tag: "Delist", market: input.delist }
  if ("mute" in input) return { _tag: "Mute", containing: input.mute }
  return "slow" in input
    ? { _tag: "Slow", delay: input.slow }
    : { _tag: "Close", code: input.close, reason: input.reason }
}

const read = <A, I>(schema: Schema.Schema<A, I>, { body }: Dialect.SimulatedRequest) =>
  Schema.decodeUnknown(schema, { onExcessProperty: "error", errors: "all" })(fromBody(body))

const table: ReadonlyArray<Row> = [
  ["GET", "", (simulator) => Effect.map(simulator.state, (state) => stateOf(simulator, state))],
  ["PUT", "/faults", (simulator, request) =>
    read(NewFaults, request).pipe(
      Effect.map((faults) => typeof faults === "string" ? presets[faults] : faults),
      Effect.tap(simulator.setFaults),
      Effect.map((faults) => ({ faults: faultsOf(faults) }))
    )],
  ["PUT", "/prices/{symbol}", (simulator, request, market) =>
    read(NewPrice, request).pipe(
      Effect.tap(({ last }) => simulator.setPrice(market, last)),
      Effect.map(({ last }) => ({ market, last }))
    )],
  [
    "POST",
    "/orders/{id}/fill",
    (simulator, request, id) =>
      (request.body.length === 0 ? Effect.succeed({ amount: undefined }) : read(NewFill, request)).pipe(
        Effect.flatMap(({ amount }) => simulator.fill(id, amount)),
        Effect.map((order) => orderOf([id, order]))
      )
  ],
  ["POST", "/sockets", (simulator, request) =>
    read(NewDisturbance, request).pipe(
      Effect.tap((input) => simulator.disturb(disturbanceOf(input))),
      Effect.zipRight(Effect.map(simulator.connections, (open) => ({ open })))
    )]
]

/** @internal Responds to a control request. It is not metered, delayed, recorded or affected by faults. */
export const handle = (
  simulator: Simulator.Simulator,
  request: Dialect.SimulatedRequest
): Effect.Effect<Dialect.SimulatedResponse> => {
  // A web page in a local browser can reach this address too: by DNS rebinding, or with a cross-origin request.
  if (!isLocal(request.remoteAddress) || !isLocal(hostOf(request)) || request.headers["origin"] !== undefined) {
    return refused(403, "Forbidden", "Send the request from this machine to http://127.0.0.1, and not from a web page.")
  }
  const path = Dialect.pathOf(request.target).slice("/_simulator".length).replace(/\/$/, "")
  const found = table.flatMap(([method, template, run]) => {
    const [before = "", after] = template.split(/\{\w+\}/)
    const isMatch = after === undefined ? path === before : path.startsWith(before) && path.endsWith(after)
    const name = unescaped(path.slice(before.length, path.length - (after ?? "").length))
    return isMatch && (after === undefined || name !== "") ? [{ method, run, name }] : []
  })
  const row = found.find(({ method }) => method === request.method)
  if (row === undefined) {
    const endpoints = table.map(([method, template]) => `${method} /_simulator${template}`).join(", ")
    return found.length === 0
      ? refused(404, "NotFound", `This path does not exist. Use one of: ${endpoints}.`)
      : refused(
        405,
        "MethodNotAllowed",
        `Use ${found.map(({ method }) => method).join(" or ")} for this path. All requests: ${endpoints}.`
      )
  }
  return row.run(simulator, request, row.name).pipe(
    Effect.map((body) => Dialect.json(200, body)),
    Effect.catchTags({
      ParseError: (error) =>
        refused(
          400,
          "InvalidBody",
          `The body does not match the documented JSON: ${ParseResult.TreeFormatter.formatErrorSync(error)}`
        ),
      PriceRejected: (error) => refused(error.reason === "UnknownMarket" ? 404 : 400, error._tag, error.message),
      FillRejected: (error) => refused(fillStatus[error.reason], error._tag, error.message)
    })
  )
}

const fillStatus = { NotFound: 404, NotOpen: 409, OffLot: 400, TooMuch: 400 }

const refused = (status: number, error: string, message: string): Effect.Effect<Dialect.SimulatedResponse> =>
  Effect.succeed(Dialect.json(status, { error, message }))

const isLocal = (address: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|::ffff:127(\.\d{1,3}){3})$/.test(address)

const hostOf = ({ headers }: Dialect.SimulatedRequest): string => (headers["host"] ?? "").replace(/:\d+$/, "")

const unescaped = (text: string): string => Either.getOrElse(Encoding.decodeUriComponent(text), () => text)

const text = (value: BigDecimal.BigDecimal | undefined): string | undefined => value && Decimal.plain(value)

const orderOf = ([id, order]: Simulator.State["orders"][number]): Json => ({
  id,
  clientOrderId: order.clientOrderId,
  market: order.instrument,
  side: order.side,
  type: order.type,
  price: text(order.price),
  amount: text(order.amount),
  filled: text(order.filled),
  status: order.status
})

const faultsOf: (faults: Faults.Faults) => Json = Schema.encodeSync(Faults.FromJson)

const stateOf = ({ id }: Simulator.Simulator, state: Simulator.State): Json => ({
  id,
  now: state.now,
  faults: faultsOf(state.faults),
  markets: state.markets.map(({ id, isSet, symbol, top }) => ({
    id,
    symbol,
    last: text(top.last),
    bid: text(top.bid),
    ask: text(top.ask),
    isSet
  })),
  orders: state.orders.map(orderOf),
  balances: state.balances.map(({ asset, free, locked }) => ({ asset, free: text(free), locked: text(locked) })),
  positions: state.positions.map(({ amount, entryPrice, instrument, unrealizedPnl }) => ({
    market: instrument,
    amount: text(amount),
    entryPrice: text(entryPrice),
    unrealizedPnl: text(unrealizedPnl)
  })),
  usage: state.usage.map(({ bannedUntil, limit, scope, used }) => ({ scope, used, limit, bannedUntil }))
})
