/**
 * Decides whether an order may be sent, and creates the client that sends it.
 *
 * @since 0.1.0
 */
import {
  Credentials,
  Environment,
  type Market,
  MarketData,
  type Order,
  OrderGuards,
  OrderJournal,
  Trading
} from "@effect-exchange/core"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Accounts from "./Accounts.js"
import * as Configuration from "./Configuration.js"
import * as Connections from "./Connections.js"
import { UsageError } from "./Failure.js"
import type { Settings } from "./Options.js"
import * as Registry from "./Registry.js"
import type { Screen } from "./Screen.js"

/**
 * The settings of an account with a journal.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account extends Settings {
  readonly journal: Option.Option<string>
}

/**
 * The settings of a command that may send orders.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Account {
  readonly send: boolean
}

/**
 * Returns `true` if an order may cost real money: on a live exchange, or at a base URL that is not a loopback address,
 * as it may lead anywhere.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayCost = ({ baseUrl, environment }: Settings): boolean =>
  environment === "live" || [...baseUrl.values()].some((url) => !Environment.isLoopback(new URL(url).hostname))

/**
 * The instructions for sending a request that was only shown.
 *
 * @since 0.1.0
 * @category constants
 */
export const needed =
  "To send it, add --send, --environment live and --journal with a file, and set EXCHANGE_LIVE_TRADING=enabled."

/**
 * Returns `true` if a request that changes something may be sent, and `false` if it may only be shown. Fails if the
 * user asks to send it without giving all the required settings.
 *
 * @since 0.1.0
 * @category validation
 */
export const allow = Effect.fnUntraced(function*(
  input: Omit<Input, "journal">
): Effect.fn.Return<boolean, UsageError> {
  if (mayCost(input)) {
    if (!input.send) return false
    if (input.environment !== "live") {
      return yield* new UsageError({
        detail:
          "If a request may cost money, --send requires an explicit --environment live; without --send, the command only shows what it would send."
      })
    }
    const enabled = yield* Effect.mapError(Configuration.liveTrading, Connections.refused)
    if (!enabled) {
      return yield* new UsageError({
        detail: "--send requires EXCHANGE_LIVE_TRADING=enabled in the configuration; this trades with real money."
      })
    }
  }
  return true
})

/**
 * Returns `true` if an order may be sent, as {@link allow} does. An order that may be sent requires a journal, except
 * on an in-memory simulator.
 *
 * @since 0.1.0
 * @category validation
 */
export const decide = Effect.fnUntraced(function*(input: Input): Effect.fn.Return<boolean, UsageError> {
  if (!(yield* allow(input))) return false
  const isInMemory = input.exchange.every((exchange) => Connections.isInMemory(exchange, input))
  return isInMemory || Option.isSome(input.journal)
    ? true
    : yield* new UsageError({
      detail:
        "Each order is recorded before it is sent; choose a file with --journal, such as --journal orders.journal."
    })
})

/**
 * The services of one exchange that can place orders.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly market: MarketData.MarketData.Service
  readonly trading: Trading.Trading.Service
}

/**
 * Creates the services of an exchange, which are valid until the scope closes. Call it only if {@link decide} returns
 * `true`, or if nothing is sent that changes anything.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function*(
  exchange: string,
  input: Account,
  guards: OrderGuards.Guards
): Effect.fn.Return<
  Opened,
  UsageError,
  Configuration.Configuration | Connections.Network | FileSystem.FileSystem | Scope.Scope | Screen
> {
  const { environment, network } = (yield* Connections.routes(input))(exchange)
  const { layerTrading } = yield* Registry.registry
  const credentials = yield* Accounts.credentialsOf(exchange, input, "trade")
  if (Either.isLeft(credentials)) {
    return yield* new UsageError({ detail: `${credentials.left.message}. ${credentials.left.advice}` })
  }
  const journal = Option.match(input.journal, {
    onNone: () => OrderJournal.layerMemory,
    onSome: OrderJournal.layerFile
  })
  const common = { deadline: "30 seconds", credentials: credentials.right, guards } as const
  const context = yield* Layer.build(
    layerTrading(
      exchange,
      environment === "live"
        ? { ...common, environment, trading: "enabled" }
        // Otherwise the Layer refuses an environment that may cost money.
        : { ...common, environment, trading: mayCost(input) ? "enabled" : undefined }
    ).pipe(Layer.provide([network, journal]))
  ).pipe(Effect.mapError((error) =>
    error._tag === "JournalFailed"
      ? new UsageError({ detail: `${error.message}. Nothing was sent.` })
      : Connections.refused(error)
  ))
  return {
    market: Context.get(context, MarketData.MarketData),
    trading: Context.get(context, Trading.Trading)
  }
})

/**
 * Returns the notional value of today's orders in the journal, if a guard limits it. A dry run is thereby checked in
 * the same way as an order that is sent.
 *
 * @since 0.1.0
 * @category getters
 */
export const spent = Effect.fnUntraced(function*(
  exchange: string,
  input: Input,
  guards: OrderGuards.Guards
): Effect.fn.Return<
  OrderGuards.Spent,
  UsageError,
  Configuration.Configuration | FileSystem.FileSystem | Scope.Scope
> {
  if (guards.maxNotionalPerDay === undefined || Option.isNone(input.journal)) return OrderGuards.emptyTotal
  const files = yield* FileSystem.FileSystem
  // Opening a journal would create a missing file.
  const isThere = yield* Effect.orElseSucceed(files.exists(input.journal.value), () => true)
  const credentials = yield* Accounts.credentialsOf(exchange, input, "trade")
  if (!isThere || Either.isLeft(credentials)) return OrderGuards.emptyTotal
  const account = Credentials.fingerprint(credentials.right)
  const place = Environment.name(Connections.environmentOf(exchange, input))
  const now = yield* Clock.currentTimeMillis
  const begun = Effect.flatMap(
    OrderJournal.OrderJournal,
    (journal) => journal.since(account, exchange, place, now - 86_400_000)
  )
  return yield* begun.pipe(
    Effect.provide(OrderJournal.layerFile(input.journal.value)),
    Effect.mapBoth({
      onFailure: ({ message }) => new UsageError({ detail: `${message}. Nothing was sent.` }),
      onSuccess: (entries) => OrderGuards.fromJournal(entries, now)
    })
  )
})

/**
 * Converts an open order to the input of the guards. Returns `undefined` if its amount is unknown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checked = (
  market: Market.Market,
  { amount, postOnly, price, reduceOnly, side, timeInForce }: Order.Order
): Order.Checked | undefined =>
  amount === undefined ? undefined : {
    market,
    side,
    type: "limit",
    amount,
    price,
    timeInForce: timeInForce ?? "GTC",
    postOnly: postOnly === true,
    reduceOnly: reduceOnly === true
  }
