import { Context, Effect, Option, Schema } from "effect"
import { ClientOrderId, Endpoint, type Exchange } from "../../src/adapter.js"
import * as layers from "../../src/adapter/internal/layers.js"
import { Decimal, type Order } from "../../src/index.js"
import * as Acme from "./acme.js"
import { bitcoin, features } from "./exchange.js"

const Row = Schema.Struct({ id: Schema.String, clientOrderId: Schema.String })

const place = Endpoint.make({
  capability: "trading",
  name: "place",
  method: "POST",
  path: "/orders",
  body: "json",
  idempotency: "once",
  input: Schema.Struct({ clientOrderId: Schema.String }),
  response: Row,
  cost: {}
})

const order = Endpoint.make({
  capability: "account",
  name: "order",
  path: "/orders/{clientOrderId}",
  input: Schema.Struct({ clientOrderId: Schema.String }),
  response: Row,
  cost: {}
})

class RemoteMarketData extends Context.Tag("@effect-exchange/core/test/support/remote/RemoteMarketData")<
  RemoteMarketData,
  Exchange.MarketDataService
>() {}
class RemoteAccount extends Context.Tag("@effect-exchange/core/test/support/remote/RemoteAccount")<
  RemoteAccount,
  Exchange.AccountService
>() {}
class RemoteTrading extends Context.Tag("@effect-exchange/core/test/support/remote/RemoteTrading")<
  RemoteTrading,
  Exchange.TradingService
>() {}

const no = () => Effect.die("not asked")

const openOrder = ({ clientOrderId, id }: typeof Row.Type): Order.Order => ({
  exchange: "acme",
  symbol: bitcoin.symbol,
  id,
  clientOrderId,
  side: "buy",
  type: "limit",
  status: "open",
  filled: Decimal.make("0")
})

/** An exchange behind a server: `POST /orders` and `GET /orders/{clientOrderId}`. */
export const exchange = layers.make({
  protocol: Acme.protocol,
  features,
  tags: {
    marketData: (service) => Context.make(RemoteMarketData, service),
    account: (service) => Context.make(RemoteAccount, service),
    trading: (service) => Context.make(RemoteTrading, service)
  },
  marketData: () => ({
    markets: Effect.succeed([bitcoin]),
    ticker: no,
    tickers: no,
    orderBook: no,
    trades: no,
    candles: { page: 10, read: no },
    status: Effect.die("not asked")
  }),
  account: (client) => ({
    balances: Effect.die("not asked"),
    keyPermissions: Effect.die("not asked"),
    openOrders: () => Effect.succeed([]),
    order: ({ clientOrderId = "" }) => Effect.map(client.request(order, { clientOrderId }), openOrder),
    orderHistory: () => Effect.succeed([]),
    fills: no
  }),
  trading: (client) => ({
    clientOrderId: { pattern: /^[a-z0-9-]{1,36}$/, described: "1 to 36 of a-z 0-9 -", make: ClientOrderId.asUuid },
    absentAfter: "100 millis",
    place: ({ clientOrderId }) =>
      Effect.map(client.request(place, { clientOrderId }), (row) => ({ _tag: "Order", order: openOrder(row) })),
    cancel: () => Effect.succeed(Option.none()),
    cancelAll: no
  })
})

export const environment = (baseUrl: string) => ({ name: "loopback", baseUrl })
