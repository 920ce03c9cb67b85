/**
 * Defines a custom exchange in one file with the public API: Tulip, which trades tulip bulbs. The file contains only
 * what is specific to Tulip. The library provides rate limits, timestamps for signing, retries, circuit breakers, order
 * checks, the recovery of lost responses and telemetry. `docs/adding-an-exchange.md` explains the file.
 */
import { ExchangeSymbol, type Market } from "@effect-exchange/core"
import {
  ClientOrderId,
  type Declaration,
  Endpoint,
  Errors,
  Exchange,
  Limit,
  Listing,
  Protocol,
  Question,
  Row,
  Signature,
  Wire
} from "@effect-exchange/core/adapter"
import { Effect, Either, Redacted, Schema } from "effect"

const { always, at, decimal, millis, none, text, words } = Wire
const { ask, to, without } = Question

// --- Rows: the names of Tulip's fields, and the meaning of its values

const Bulb = Row.of({ id: at("id", text), tickSize: at("tick", decimal), lotSize: at("step", decimal) })
const Quote = Row.ticker({
  last: at("last", decimal),
  bid: at("bid", decimal),
  ask: at("ask", decimal),
  open24h: none,
  high24h: none,
  low24h: none,
  volume24h: none,
  at: none
})
const Levels = Schema.Array(Wire.one(Row.level({ price: at(0, decimal), amount: at(1, decimal) })))
const Coin = Row.balance({ asset: at(0, text), free: at(1, decimal), total: at(1, decimal) })
const Order = Row.order({
  id: at("id", text),
  market: at("bulb", text),
  clientOrderId: at("ref", text),
  side: at("side", words({ buy: "buy", sell: "sell" })),
  type: always("limit"),
  status: at("state", words({ open: "open", filled: "filled", canceled: "canceled" })),
  price: at("price", decimal),
  amount: at("size", decimal),
  filled: at("done", decimal),
  averagePrice: none,
  timeInForce: none,
  postOnly: none,
  reduceOnly: none,
  createdAt: at("at", millis),
  updatedAt: none
})

// --- Endpoints: the requests that Tulip accepts, their costs, and whether they may be repeated

const limits = { calls: Limit.window(10, "1 second") }
const cost = { calls: 1 }
const read = Endpoint.family({ capability: "marketData", limits, cost })
const own = Endpoint.family({ capability: "account", limits, cost })
const write = Endpoint.family({ capability: "trading", limits, cost })

const bulb = Endpoint.inputFrom(({ id }: Market.Market) => ({ bulb: id }))
const which = Endpoint.inputOf<{ readonly ref?: string; readonly id?: string }>()

const time = read("time", "/time", { answer: Wire.within("now", millis) })
const bulbs = read("bulbs", "/bulbs", { answer: Wire.list(Bulb) })
const quote = read("quote", "/quote/{bulb}", { input: bulb, answer: Wire.one(Quote) })
const book = read("book", "/book/{bulb}", {
  input: bulb,
  answer: Wire.answer({ bids: at("bids", Levels), asks: at("asks", Levels) })
})
const purse = own("purse", "/purse", { answer: Schema.Array(Wire.one(Coin)) })
const orders = own("orders", "/orders", { input: which, answer: Wire.list(Order) })
const place = write.once("place", "/orders", {
  method: "POST",
  body: "json",
  input: Endpoint.inputOf<Record<"bulb" | "ref" | "side" | "price" | "size", Endpoint.Value | undefined>>(),
  answer: Wire.one(Order)
})
const cancel = write.idempotent("cancel", "/orders", {
  method: "DELETE",
  input: which,
  answer: Wire.one(Order)
})

// --- Protocol: the URL, the rate limits, the signature of requests, and the meaning of errors

const sign: Protocol.Sign = (request, { key, secret }, { crypto, now }) => {
  const signature = Signature.hmacSha256Hex(secret, `${now}${request.method}${request.path}?${request.query}`, crypto)
  const headers = { ...request.headers, "tulip-key": Redacted.value(key), "tulip-time": String(now) }
  return Either.right({ ...request, headers: { ...headers, "tulip-signature": signature }, signature })
}

const isRefusal = Schema.is(Schema.Struct({ refused: Schema.String }))

const protocol = Protocol.make({
  exchange: "tulip",
  hosts: {
    live: Protocol.open("https://tulip.example"),
    testnet: { _tag: "None", alternative: "use a base URL of your own" }
  },
  limits,
  sign,
  errors: Errors.table({
    readError: ({ json }) =>
      isRefusal(json) ? { code: json.refused, text: `Tulip refused the request: ${json.refused}` } : undefined,
    codes: {
      AuthenticationFailed: "signature",
      OrderNotFound: "unknown",
      InsufficientFunds: "funds",
      DuplicateOrder: "duplicate"
    }
  }),
  serverTime: time
})

// --- Exchange: the operations that Tulip supports

export const { Account, MarketData, Trading, layer, layerAccount, layerMarketData } = Exchange.define({
  name: "Tulip",
  protocol,
  kinds: ["spot"],
  lacks: ["positions", "amend", "placeBatch"],
  marketData: {
    listings: [
      to(
        bulbs,
        Listing.map((row) => ({
          ...row,
          symbol: ExchangeSymbol.make(`${row.id}/NLG`),
          kind: "spot",
          status: "open",
          base: row.id,
          quote: "NLG"
        }))
      )
    ],
    ticker: to(quote),
    book: { depths: 100, read: to(book) },
    trades: { most: 1, order: "oldest first", read: without("trades", "read the ticker instead") },
    candles: { words: {}, page: 1, read: without("candles", "record the prices that you read") },
    status: to(time, (at) => ({ status: "operational", at }))
  },
  account: {
    balances: to(purse),
    keyPermissions: () => () =>
      Effect.succeed({ read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" }),
    openOfAll: ask(orders, () => ({}), Listing.filter(({ status }) => status === "open")),
    byId: ask(orders, ({ id }) => ({ id })),
    byName: [ask(orders, ({ clientOrderId }) => ({ ref: clientOrderId }))],
    ended: {
      order: "oldest first",
      withOpen: true,
      read: ask(
        orders,
        (_: Market.Market, __: Declaration.History) => ({}),
        (rows, _, { isWanted }) => Listing.filter(rows, isWanted)
      )
    },
    fills: { order: "oldest first", read: without("fills", "read the filled amount of the order") }
  },
  trading: {
    names: { pattern: /^[0-9a-f-]{36}$/, described: "a UUID in lower case", make: ClientOrderId.asUuid },
    timeInForce: ["GTC"],
    reduceOnly: false,
    deduplicates: "always",
    takenWithin: "5 seconds",
    seenWithin: "5 seconds",
    place: ask(place, ({ clientOrderId, market, price, side, size }) => ({
      bulb: market.id,
      ref: clientOrderId,
      side,
      price,
      size
    })),
    cancel: { by: "id", ask: ask(cancel, ({ id }) => ({ id })) }
  }
})
