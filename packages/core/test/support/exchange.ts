import { HttpClient } from "@effect/platform"
import { BigDecimal, Clock, Context, Effect, Either, Layer, Option, Redacted, TestClock } from "effect"
import type { Exchange } from "../../src/adapter.js"
import { type Adapter, ClientOrderId, type Listing } from "../../src/adapter.js"
import * as layers from "../../src/adapter/internal/layers.js"
import {
  Decimal,
  ExchangeError,
  ExchangeSymbol,
  type Market,
  type Order,
  OrderJournal,
  Trading
} from "../../src/index.js"
import * as Acme from "./acme.js"
import * as Wire from "./wire.js"

/** What happens to one write. A lost one gets no response; one that is lost before it arrived is not executed. */
export type Fate =
  | "answered"
  | "acknowledged"
  | "refused"
  | "lost before it arrived"
  | "lost after it was carried out"
  | "lost and carried out later"
  /** Arrives twice, unnoticed by the client: the response is that to the second request. */
  | "twice"

export const bitcoin: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id: "BTCUSDT",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USDT",
  tickSize: Decimal.make("0.01"),
  lotSize: Decimal.make("0.001"),
  minAmount: Decimal.make("0.002"),
  maxAmount: Decimal.make("10"),
  minPrice: Decimal.make("1"),
  maxPrice: Decimal.make("1000000"),
  minNotional: Decimal.make("5")
}

export const ether: Market.Market = {
  ...bitcoin,
  symbol: ExchangeSymbol.make("ETH/USDT"),
  id: "ETHUSDT",
  base: "ETH"
}

const no = () => Effect.die("not asked")

/** A minimal exchange: orders by client order id, and a script of what happens to writes and reads. */
export class Store {
  readonly orders: Array<Order.Order> = []
  /** How often each client order id arrived to be placed. */
  readonly arrivals = new Map<string, number>()
  /** What happens to the next writes; `defaultFate` is what happens to all after them. */
  fates: Array<Fate> = []
  defaultFate: Fate = "answered"
  /** Fails every read while set. */
  readFailure: ExchangeError.AccountError | undefined = undefined
  /** How long after its execution an order becomes visible, in milliseconds. */
  visibleAfter = 0
  /** How long a write waits before it is sent, as for a rate limit. */
  queuedFor = 0
  /** How long a write that arrives twice is in flight. */
  duplicateDelay = 0
  /** How long after its response was lost a write is executed that is executed later. */
  executedAfter = 0
  /** How long the response of a read takes to arrive: its data is as old. */
  readDuration = 0
  /** Fails every list of orders while set. */
  listFailure: ExchangeError.AccountError | undefined = undefined
  /** How the response to a write, and the response to a read, change the order they report. */
  inResponse: (order: Order.Order) => Order.Order = (order) => order
  inRead: (order: Order.Order) => Order.Order = (order) => order
  /** Orders that are listed, but not found by client order id. */
  readonly onlyListed: Array<Order.Order> = []
  /** Rows of the history that cannot be decoded. */
  readonly unknownRows: Array<Listing.Unknown> = []
  listCount = 0
  /** Accepts cancels and amendments without effect. */
  ignoresChanges = false
  /** The `since` of each lookup. */
  readonly lookupsSince: Array<number | undefined> = []
  candles: Adapter.MarketData["candles"] = { page: 10, read: no }
  last = Decimal.make("60000")
  markets: ReadonlyArray<Market.Market> = [bitcoin, ether]
  /** The symbol that a ticker reports when it is requested for a symbol. */
  tickerSymbol: (symbol: ExchangeSymbol.ExchangeSymbol) => ExchangeSymbol.ExchangeSymbol = (symbol) => symbol
  readCount = 0

  clear(): void {
    this.orders.length = 0
    this.arrivals.clear()
  }

  next(): Fate {
    return this.fates.shift() ?? this.defaultFate
  }
}

const about = (operation: string) => ({ exchange: "acme", operation, detail: "no" })

const lost = (operation: string) => new ExchangeError.RequestTimedOut(about(operation))

const written = <A>(
  store: Store,
  operation: string,
  execute: Effect.Effect<A, ExchangeError.TradingError>
): Effect.Effect<readonly [fate: Fate, A], ExchangeError.TradingError> =>
  Effect.suspend((): Effect.Effect<readonly [fate: Fate, A], ExchangeError.TradingError> => {
    const fate = store.next()
    switch (fate) {
      case "refused":
        return new ExchangeError.InsufficientFunds(about(operation))
      case "lost before it arrived":
        return lost(operation)
      case "lost after it was carried out":
        return Effect.zipRight(execute, lost(operation))
      case "twice":
        return Effect.zipRight(
          execute,
          Effect.map(execute, (value) => [fate, value] as const)
        ).pipe((self) => store.duplicateDelay === 0 ? self : Effect.delay(self, store.duplicateDelay))
      case "lost and carried out later":
        return Effect.zipRight(Effect.forkDaemon(Effect.delay(execute, store.executedAfter)), lost(operation))
      default:
        return Effect.map(execute, (value) => [fate, value] as const)
    }
  }).pipe((self) => store.queuedFor === 0 ? self : Effect.delay(self, store.queuedFor))

const put = (store: Store, order: Adapter.NewOrder): Effect.Effect<Order.Order, ExchangeError.DuplicateOrder> =>
  Effect.flatMap(Clock.currentTimeMillis, (at) => {
    store.arrivals.set(order.clientOrderId, (store.arrivals.get(order.clientOrderId) ?? 0) + 1)
    if (store.orders.some(({ clientOrderId }) => clientOrderId === order.clientOrderId)) {
      return new ExchangeError.DuplicateOrder(about("place"))
    }
    const isMarket = order.type === "market"
    const placed: Order.Order = {
      exchange: "acme",
      symbol: order.market.symbol,
      id: `n${store.orders.length + 1}`,
      clientOrderId: order.clientOrderId,
      side: order.side,
      type: order.type,
      status: isMarket ? "filled" : "open",
      price: order.price,
      amount: order.amount,
      filled: isMarket ? order.amount : Decimal.make("0"),
      averagePrice: isMarket ? store.last : undefined,
      timeInForce: order.timeInForce,
      postOnly: order.postOnly,
      reduceOnly: order.reduceOnly,
      createdAt: at
    }
    store.orders.push(placed)
    return Effect.succeed(placed)
  })

const find = (store: Store, { clientOrderId, id, since }: Adapter.Reference) =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      Effect.suspend((): Effect.Effect<Order.Order, ExchangeError.AccountError> => {
        store.readCount++
        store.lookupsSince.push(since)
        if (store.readFailure !== undefined) return Effect.fail(store.readFailure)
        const found = store.orders.find((order) =>
          (id === undefined ? order.clientOrderId === clientOrderId : order.id === id) &&
          (order.createdAt ?? 0) + store.visibleAfter <= now
        )
        return found === undefined
          ? new ExchangeError.OrderNotFound(about("order"))
          : Effect.succeed(store.inRead(found))
      })
  ).pipe(
    Effect.exit,
    Effect.tap(() => store.readDuration === 0 ? Effect.void : Effect.sleep(store.readDuration)),
    Effect.flatten
  )

const list = (store: Store, market: Market.Market | undefined) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    store.listCount++
    const failure = store.listFailure ?? store.readFailure
    return failure === undefined
      ? Effect.succeed([...store.orders, ...store.onlyListed].filter(({ createdAt = 0, symbol }) =>
        (market === undefined || market.symbol === symbol) && createdAt + store.visibleAfter <= now
      ))
      : Effect.fail(failure)
  })

const change = (store: Store, reference: Adapter.Reference, with_: Partial<Order.Order>) =>
  Effect.suspend((): Effect.Effect<Order.Order, ExchangeError.OrderNotFound> => {
    const index = store.orders.findIndex((order) =>
      (reference.id === undefined ? order.clientOrderId === reference.clientOrderId : order.id === reference.id) &&
      order.status === "open"
    )
    const order = store.orders[index]
    if (order === undefined) return new ExchangeError.OrderNotFound(about("change"))
    const changed = store.ignoresChanges ? order : { ...order, ...with_ }
    store.orders[index] = changed
    return Effect.succeed(changed)
  })

export const features: Adapter.Features = {
  name: "Acme",
  kinds: ["spot"],
  testnet: false,
  passphrase: false,
  candles: ["1m", "1w", "1M"],
  positions: false,
  timeInForce: ["GTC", "IOC"],
  reduceOnly: false,
  amend: true,
  batch: 2,
  deduplicates: "while open"
}

export class AcmeTrading extends Context.Tag("@effect-exchange/core/test/support/exchange/AcmeTrading")<
  AcmeTrading,
  Exchange.TradingService
>() {}
class AcmeMarketData extends Context.Tag("@effect-exchange/core/test/support/exchange/AcmeMarketData")<
  AcmeMarketData,
  Exchange.MarketDataService
>() {}
class AcmeAccount extends Context.Tag("@effect-exchange/core/test/support/exchange/AcmeAccount")<
  AcmeAccount,
  Exchange.AccountService
>() {}

/** The exchange over a store, without the features that `lacks` names. */
export const makeExchange = (
  store: Store,
  lacks: {
    readonly amend?: boolean
    readonly batch?: boolean
    /** As if it accepted every order, whatever its client order id. */
    readonly deduplicates?: boolean
    /** As if its acknowledgements had no id. */
    readonly ids?: boolean
  } = {},
  permissions: Effect.Effect.Success<Adapter.Account["keyPermissions"]> = {
    read: true,
    trade: true,
    withdraw: false,
    ipRestricted: true
  }
) =>
  layers.make({
    protocol: Acme.protocol,
    features: lacks.deduplicates === true ? { ...features, deduplicates: "never" } : features,
    tags: {
      marketData: (service) => Context.make(AcmeMarketData, service),
      account: (service) => Context.make(AcmeAccount, service),
      trading: (service) => Context.make(AcmeTrading, service)
    },
    marketData: () => ({
      markets: Effect.sync(() => store.markets),
      ticker: ({ symbol }) =>
        Effect.map(
          Clock.currentTimeMillis,
          (at) => ({ exchange: "acme", symbol: store.tickerSymbol(symbol), last: store.last, at })
        ),
      tickers: no,
      orderBook: no,
      trades: no,
      candles: store.candles,
      status: Effect.die("not asked")
    }),
    account: () => ({
      balances: Effect.succeed([]),
      keyPermissions: Effect.succeed(permissions),
      openOrders: (market) =>
        Effect.map(list(store, market), (orders) => orders.filter(({ status }) => status === "open")),
      order: (reference) => find(store, reference),
      orderHistory: (market) => Effect.map(list(store, market), (rows) => ({ rows, unknown: store.unknownRows })),
      fills: () => Effect.succeed([])
    }),
    trading: (): Adapter.Trading => ({
      clientOrderId: { pattern: /^[a-z0-9-]{1,36}$/, described: "1 to 36 of a-z 0-9 -", make: ClientOrderId.asUuid },
      absentAfter: "10 seconds",
      place: (order) =>
        Effect.map(written(store, "place", put(store, order)), ([fate, order]) =>
          fate === "acknowledged"
            ? { _tag: "Accepted", id: lacks.ids === true ? undefined : order.id }
            : { _tag: "Order", order: store.inResponse(order) }),
      placeBatch: lacks.batch === true ? undefined : (orders) =>
        Effect.map(
          written(
            store,
            "placeBatch",
            Effect.forEach(orders, (order): Effect.Effect<Either.Either<Order.Order, ExchangeError.TradingError>> =>
              BigDecimal.equals(order.amount, Decimal.make("9"))
                ? Effect.succeed(Either.left(new ExchangeError.OrderRejected(about("placeBatch"))))
                : Effect.either(put(store, order)))
          ),
          ([, results]) =>
            results.map(Either.map((order): Adapter.Placed => ({ _tag: "Order", order: store.inResponse(order) })))
        ),
      cancel: (reference) =>
        Effect.map(written(store, "cancel", change(store, reference, { status: "canceled" })), ([fate, order]) =>
          fate === "acknowledged" ? Option.none() : Option.some(store.inResponse(order))),
      cancelAll: (market) =>
        Effect.map(
          written(
            store,
            "cancelAll",
            Effect.forEach(
              store.orders.filter(({ status, symbol }) =>
                status === "open" && symbol === market.symbol
              ),
              ({ id }) => Effect.as(change(store, { market, id }, { status: "canceled" }), id)
            )
          ),
          ([, ids]) => ids
        ),
      amend: lacks.amend === true ? undefined : (reference, { amount, price }) =>
        Effect.map(
          written(
            store,
            "amend",
            change(store, reference, {
              ...amount === undefined ? {} : { amount },
              ...price === undefined ? {} : { price }
            })
          ),
          ([fate, order]) => fate === "acknowledged" ? Option.none() : Option.some(store.inResponse(order))
        )
    })
  })

/** The account of {@link credentials} in a journal. */
export const account = "61527dbe234cde0e"

export const credentials = { key: Redacted.make("the-key"), secret: Redacted.make("the-secret") }

export const environment = { name: "here", baseUrl: "http://localhost:1" }

/** A client that is never used, as the store answers. */
export const http: Layer.Layer<HttpClient.HttpClient> = Layer.succeed(
  HttpClient.HttpClient,
  Wire.make(() => Wire.ok()).client
)

/** The trading of an exchange over a store, with a journal if one is given. */
export const layer = (
  store: Store,
  options:
    & Partial<
      Pick<Exchange.TradingOptions, "credentials" | "environment" | "formerAccounts" | "guards" | "lookupPatience">
    >
    & {
      readonly lacks?: Parameters<typeof makeExchange>[1]
      readonly journal?: OrderJournal.OrderJournal["Type"]
    } = {}
): Layer.Layer<Layer.Layer.Success<ReturnType<ReturnType<typeof makeExchange>["layer"]>>> => {
  const { journal, lacks, ...rest } = options
  return makeExchange(store, lacks).layer({ environment, credentials, ...rest }).pipe(
    Layer.provide(http),
    Layer.provide(
      journal === undefined ? OrderJournal.layerNone : Layer.succeed(OrderJournal.OrderJournal, journal)
    ),
    Layer.orDie
  )
}

/** Advances the clock in steps of half a second until the effect is done. */
export const advanceUntilDone = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(self, Effect.forever(TestClock.adjust("500 millis")))

/** Runs `use` with the trading of a store. */
export const trade = <A, E>(
  store: Store,
  use: (trading: Trading.Trading.Service) => Effect.Effect<A, E>,
  options: Parameters<typeof layer>[1] = {}
): Effect.Effect<A, E> => Effect.flatMap(Trading.Trading, use).pipe(Effect.provide(layer(store, options)))

/** Runs `use` with the trading of two Layers of one account in one application. */
export const tradeTwice = <A, E>(
  store: Store,
  use: (one: Trading.Trading.Service, other: Trading.Trading.Service) => Effect.Effect<A, E>,
  options: Parameters<typeof layer>[1] = {}
): Effect.Effect<A, E> =>
  Effect.scoped(Effect.gen(function*() {
    const memoMap = yield* Layer.makeMemoMap
    const built = Effect.map(
      Effect.flatMap(Effect.scope, (scope) => Layer.buildWithMemoMap(layer(store, options), memoMap, scope)),
      Context.get(Trading.Trading)
    )
    return yield* use(yield* built, yield* built)
  }))

/** An order that was begun at the start of the test's time. */
export const intent = (clientOrderId: string, ofAccount = account): OrderJournal.Intent => ({
  _tag: "Intent",
  exchange: "acme",
  environment: "here",
  account: ofAccount,
  clientOrderId,
  symbol: "BTC/USDT",
  side: "buy",
  type: "limit",
  amount: "0.01",
  price: "60000.25",
  timeInForce: "GTC",
  at: 0
})
