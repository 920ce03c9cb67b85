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
export const all = () => [balance(), orders(), fills(), positions(), order(), call()] as const

const modules = {
  Balance: once(() => import("./commands/Balance.js")),
  Orders: once(() => import("./commands/Orders.js")),
  Fills: once(() => import("./commands/Fills.js")),
  Positions: once(() => import("./commands/Positions.js")),
  Order: once(() => import("./commands/Order.js")),
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
  "It needs a key that may read, such as BINANCE_API_KEY and BINANCE_API_SECRET (BINANCE_TESTNET_API_KEY and so on for "
  + "a testnet); simulated exchanges need none. Exit code 0: every account answered; 1: some exchange failed, or has no key; "
  + "2: bad usage, or no key at all."

const balance = () =>
  Command.make(
    "balance",
    { ...Options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Balance, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(`What accounts hold, and how much of it is free. ${keys}`))

const orders = () =>
  Command.make(
    "orders",
    {
      symbol: Symbols.maybe,
      ...Options.settings,
      all: AccountOptions.ended,
      from: CandleOptions.since,
      json: Options.json
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Orders, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    `The orders that stand, of one market or of all; with --all those of a market that ended, too. ${keys}`
  ))

const fills = () =>
  Command.make(
    "fills",
    { symbol: Symbols.one, ...Options.settings, from: CandleOptions.since, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Fills, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(`What accounts traded in a market, oldest first. ${keys}`))

const positions = () =>
  Command.make(
    "positions",
    { ...Options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Positions, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    `The positions that are open. Exchanges that have only spot markets say so, and others still answer. ${keys}`
  ))

const one = { ...Options.settings, exchange: Options.oneExchange }

const sending = { ...one, send: OrderOptions.send, journal: OrderOptions.journal, json: Options.json }

const guards = {
  maxNotional: OrderOptions.maxNotional,
  maxNotionalPerDay: OrderOptions.maxNotionalPerDay,
  priceBand: OrderOptions.priceBand
}

const which = { id: OrderOptions.orderId, clientId: OrderOptions.clientOrderId }

const money =
  "Where it may cost money it is only said what would be sent, unless --send, --environment live and EXCHANGE_LIVE_TRADING=enabled say "
  + "otherwise. Exit code 0: done, or told what would be; 1: refused, failed, or unknown what became of it; 2: bad usage."

// Placing, amending and canceling are not stopped halfway: they end within their deadline and report the outcome.
const order = () =>
  Command.make("order").pipe(
    Command.withDescription("One order: see exchange order show, place, amend and cancel --help."),
    Command.withSubcommands([
      Command.make(
        "show",
        { symbol: Symbols.one, ...one, ...which, json: Options.json },
        (input) => Stop.abort(Network.within(Effect.flatMap(modules.Order, ({ show }) => show(input))))
      ).pipe(Command.withDescription(`An order as the exchange has it, by either of its ids. ${keys}`)),
      Command.make(
        "place",
        {
          side: OrderOptions.side,
          amount: OrderOptions.amount,
          symbol: Symbols.one,
          ...sending,
          limit: OrderOptions.limit,
          market: OrderOptions.market,
          postOnly: OrderOptions.postOnly,
          reduceOnly: OrderOptions.reduceOnly,
          timeInForce: OrderOptions.timeInForce,
          ...guards,
          clientId: OrderOptions.clientOrderId
        },
        (input) => Network.within(Effect.flatMap(modules.Order, ({ place }) => place(input)))
      ).pipe(Command.withDescription(`Places an order, after writing it down in the journal. ${money}`)),
      Command.make(
        "amend",
        {
          symbol: Symbols.one,
          ...sending,
          ...which,
          price: OrderOptions.price,
          amount: OrderOptions.newAmount,
          ...guards
        },
        (input) => Network.within(Effect.flatMap(modules.Order, ({ amend }) => amend(input)))
      ).pipe(Command.withDescription(
        `Changes the price or the amount of an order that stands, where the exchange can. To rehearse it, a key that may read is needed. ${money}`
      )),
      Command.make(
        "cancel",
        { symbol: Symbols.one, ...sending, ...which },
        (input) => Network.within(Effect.flatMap(modules.Order, ({ cancel }) => cancel(input)))
      ).pipe(Command.withDescription(`Cancels an order, and says how it ended. ${money}`))
    ])
  )

const call = () =>
  Command.make(
    "call",
    {
      method: CallOptions.method,
      path: CallOptions.path,
      ...one,
      query: CallOptions.query,
      form: CallOptions.form,
      body: CallOptions.body,
      signed: CallOptions.signed,
      send: OrderOptions.send,
      json: Options.json
    },
    (input) => Network.within(Effect.flatMap(modules.Call, ({ handle }) => handle(input)))
  ).pipe(Command.withDescription(
    "Any endpoint of an exchange, by the way that all requests take: paced, retried where that is safe, signed, and its answer as "
      + "JSON. What may change something (whatever is not known to read only) is signed, and sent once. Where that may cost money it is only "
      + "said what would be sent, unless --send, --environment live and EXCHANGE_LIVE_TRADING=enabled say otherwise. "
      + "Exit code 0: answered, or told what would be sent; 1: refused, failed, or unknown what became of it; 2: bad usage."
  ))
