/**
 * The commands that read accounts and place orders. Their code is loaded on demand.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as AccountOptions from "./AccountOptions.js"
import * as CallOptions from "./CallOptions.js"
import * as CandleOptions from "./CandleOptions.js"
import type * as ExchangeOptions from "./ExchangeOptions.js"
import { once } from "./internal/once.js"
import * as Network from "./Network.js"
import * as Options from "./Options.js"
import * as OrderOptions from "./OrderOptions.js"
import * as Stop from "./Stop.js"
import * as Symbols from "./Symbols.js"

/**
 * Creates the commands.
 *
 * @since 0.1.0
 * @category commands
 */
export const all = (options: ExchangeOptions.ExchangeOptions) =>
  [balance(options), orders(options), fills(options), positions(options), order(options), call(options)] as const

const modules = {
  Balance: once(() => import("./commands/Balance.js")),
  Orders: once(() => import("./commands/Orders.js")),
  Fills: once(() => import("./commands/Fills.js")),
  Positions: once(() => import("./commands/Positions.js")),
  Order: once(() => import("./commands/Order.js")),
  OrderReconcile: once(() => import("./commands/OrderReconcile.js")),
  Call: once(() => import("./commands/Call.js"))
}

/**
 * Loads the code of all commands.
 *
 * @since 0.1.0
 * @category loading
 */
export const load: Effect.Effect<void> = Effect.all(modules, { discard: true })

const keys =
  "Requires a key with read permission, such as BINANCE_API_KEY and BINANCE_API_SECRET (BINANCE_TESTNET_API_KEY and so on for "
  + "a testnet); simulated exchanges need no key. Exit code 0: every account answered; 1: an exchange failed or has no key; "
  + "2: invalid usage, or no key at all."

const balance = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "balance",
    { ...options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Balance, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(`Shows the balances of your accounts, and how much of each is free. ${keys}`))

const orders = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "orders",
    {
      symbol: Symbols.maybe,
      ...options.settings,
      all: AccountOptions.ended,
      from: CandleOptions.since,
      json: Options.json
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Orders, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    `Shows open orders, of one market or of all. With --all, also shows the ended orders of one market. ${keys}`
  ))

const fills = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "fills",
    { symbol: Symbols.one, ...options.settings, from: CandleOptions.since, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Fills, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(`Shows the fills of your accounts in a market, oldest first. ${keys}`))

const positions = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "positions",
    { ...options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Positions, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    `Shows open positions. Exchanges that have only spot markets are reported as such, and the others still answer. ${keys}`
  ))

const sending = { send: OrderOptions.send, journal: OrderOptions.journal, json: Options.json }

const guards = {
  maxNotional: OrderOptions.maxNotional,
  maxNotionalPerDay: OrderOptions.maxNotionalPerDay,
  priceBand: OrderOptions.priceBand
}

const which = { id: OrderOptions.orderId, clientId: OrderOptions.clientOrderId }

const money =
  "If this may cost money, the command only shows what it would send, unless --send, --environment live and EXCHANGE_LIVE_TRADING=enabled are "
  + "all set. Exit code 0: done, or only shown; 1: refused, failed, or the outcome is unknown; 2: invalid usage."

// Placing, amending and canceling are not stopped halfway: they end within their deadline and report the outcome.
const order = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make("order").pipe(
    Command.withDescription(
      "Shows, places, amends or cancels orders, and determines their outcomes: see exchange order show, place, amend, cancel, cancel-all and reconcile --help."
    ),
    Command.withSubcommands([
      Command.make(
        "show",
        { symbol: Symbols.one, ...options.one, ...which, json: Options.json },
        (input) => Stop.abort(Network.within(Effect.flatMap(modules.Order, ({ show }) => show(input))))
      ).pipe(Command.withDescription(`Shows an order as the exchange reports it, by either of its ids. ${keys}`)),
      Command.make(
        "place",
        {
          side: OrderOptions.side,
          amount: OrderOptions.amount,
          symbol: Symbols.one,
          ...options.one,
          ...sending,
          limit: OrderOptions.limit,
          market: OrderOptions.market,
          postOnly: OrderOptions.postOnly,
          reduceOnly: OrderOptions.reduceOnly,
          timeInForce: OrderOptions.timeInForce,
          round: OrderOptions.round,
          ...guards,
          clientId: OrderOptions.clientOrderId
        },
        (input) => Network.within(Effect.flatMap(modules.Order, ({ place }) => place(input)))
      ).pipe(Command.withDescription(`Places an order, after recording it in the journal. ${money}`)),
      Command.make(
        "amend",
        {
          symbol: Symbols.one,
          ...options.one,
          ...sending,
          ...which,
          price: OrderOptions.price,
          amount: OrderOptions.newAmount,
          round: OrderOptions.round,
          ...guards
        },
        (input) => Network.within(Effect.flatMap(modules.Order, ({ amend }) => amend(input)))
      ).pipe(Command.withDescription(
        `Changes the price or the amount of an open order, if the exchange supports it. Showing the change without sending it requires a key with read permission. ${money}`
      )),
      Command.make(
        "cancel",
        { symbol: Symbols.one, ...options.one, ...sending, ...which },
        (input) => Network.within(Effect.flatMap(modules.Order, ({ cancel }) => cancel(input)))
      ).pipe(Command.withDescription(`Cancels an order and shows how it ended. ${money}`)),
      Command.make(
        "cancel-all",
        { symbol: Symbols.one, ...options.one, ...sending },
        (input) => Network.within(Effect.flatMap(modules.Order, ({ cancelAll }) => cancelAll(input)))
      ).pipe(Command.withDescription(
        `Cancels every open order of a market, including those of other programs, and shows their ids. If it fails, some may have been canceled: run it again. ${money}`
      )),
      Command.make(
        "reconcile",
        { ...options.one, journal: OrderOptions.journal, json: Options.json },
        (input) => Stop.abort(Network.within(Effect.flatMap(modules.OrderReconcile, ({ handle }) => handle(input))))
      ).pipe(Command.withDescription(
        "Looks up the orders that the journal leaves open, and records whether they were placed. It places and cancels nothing. It takes as long as "
          + "the exchange may need to show a new order. Requires the key that placed them. Exit code 0: every order has an outcome; 1: an outcome is "
          + "still unknown, or the look-up failed; 2: invalid usage."
      ))
    ])
  )

const call = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "call",
    {
      method: CallOptions.method,
      path: CallOptions.path,
      ...options.one,
      query: CallOptions.query,
      form: CallOptions.form,
      body: CallOptions.body,
      signed: CallOptions.signed,
      send: OrderOptions.send,
      json: Options.json
    },
    (input) => Network.within(Effect.flatMap(modules.Call, ({ handle }) => handle(input)))
  ).pipe(Command.withDescription(
    "Sends a request to any endpoint of an exchange: paced, retried if that is safe, and signed if necessary. The response is printed as "
      + "JSON. A request that may change something (any that is not known to be read-only) is signed and sent only once. If it may cost money, the command only "
      + "shows what it would send, unless --send, --environment live and EXCHANGE_LIVE_TRADING=enabled are all set. "
      + "Exit code 0: answered, or only shown; 1: refused, failed, or the outcome is unknown; 2: invalid usage."
  ))
