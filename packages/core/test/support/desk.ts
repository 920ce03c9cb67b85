import { Effect, Ref } from "effect"
import type { ExchangeError, Order } from "../../src/index.js"
import * as DailyTotals from "../../src/trading/internal/dailyTotals.js"
import type { Desk } from "../../src/trading/internal/desk.js"
import type * as SeenOrders from "../../src/trading/internal/seenOrders.js"
import { features } from "./exchange.js"

const unexpected = Effect.dieMessage("not asked")

/** A desk whose exchange acknowledges cancels, and whose lookup of an order is given by the test. */
export const desk = (
  seen: SeenOrders.SeenOrders,
  order: Effect.Effect<Order.Order, ExchangeError.AccountError>
): Desk => ({
  exchange: "acme",
  environment: "testnet",
  features,
  adapter: {
    clientOrderId: { pattern: /./, described: "anything", make: (hex) => hex },
    absentAfter: "5 seconds",
    place: () => unexpected,
    placeBatch: undefined,
    cancel: () => Effect.succeedNone,
    cancelAll: () => unexpected,
    amend: undefined
  },
  account: {
    balances: unexpected,
    keyPermissions: unexpected,
    openOrders: () => Effect.succeed([]),
    order: () => order,
    orderHistory: () => Effect.succeed([]),
    fills: () => unexpected,
    positions: undefined
  },
  seen,
  markets: {
    all: unexpected,
    find: () => unexpected,
    use: () => unexpected,
    byId: () => unexpected,
    recent: () => unexpected
  },
  lastPrice: () => unexpected,
  guards: {},
  spent: Ref.unsafeMake(DailyTotals.empty),
  givenBack: new Set(),
  journal: {
    append: () => Effect.void,
    open: Effect.succeed([]),
    account: Effect.succeed("mine"),
    accounts: Effect.succeed(new Set(["mine"])),
    since: () => Effect.succeed([]),
    written: new Map()
  },
  patience: "5 seconds",
  skew: Effect.succeed(0),
  underWay: new Set(),
  amended: new Set(),
  unsettled: new Set(),
  placed: new Map()
})
