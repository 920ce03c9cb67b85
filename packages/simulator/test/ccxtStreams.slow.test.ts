import { assert, describe, it } from "@effect/vitest"
import * as Ccxt from "ccxt"
import * as CcxtWithBitMex from "ccxt-with-bitmex"
import { BigDecimal, Effect, Mailbox, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { Engine, Simulator, SimulatorServer } from "../src/index.js"
import { at } from "./dialects/support/socket.js"

type Addresses = Ccxt.Exchange["urls"]["api"]

type Client =
  & Pick<
    Ccxt.Exchange,
    | "has"
    | "loadMarkets"
    | "loadHttpProxyAgent"
    | "watchTicker"
    | "watchTrades"
    | "watchOrderBook"
    | "watchOrders"
    | "watchMyTrades"
    | "watchBalance"
    | "createOrder"
    | "cancelOrder"
    | "fetchMyTrades"
    | "fetchTicker"
    | "close"
  >
  & {
    readonly urls: { api: Addresses }
  }

type Settings = ConstructorParameters<typeof Ccxt.Exchange>[0]

/** Its own login says in words when it expires, for which Bybit wants a number. */
class Bybit extends Ccxt.pro.bybit {
  override authenticate(url: string) {
    const expires = this.milliseconds() + 10_000
    const signature = createHmac("sha256", this.secret).update(`GET/realtime${expires}`).digest("hex")
    return super.authenticate(url, { args: [this.apiKey, expires, signature] })
  }
}

/** Its own token of a message is signed as with an ES256 key, whichever it has. */
class Coinbase extends Ccxt.pro.coinbase {
  override createWSAuth() {
    return { jwt: this.createAuthToken(this.seconds(), undefined, undefined, true) }
  }
}

/** How ccxt's streaming client is made for each. */
const clients: { readonly [Id in Simulator.ExchangeId]?: (settings: Settings) => Client } = {
  binance: (settings) => new Ccxt.pro.binance(settings),
  // Later versions of ccxt dropped it.
  bitmex: (settings) => new CcxtWithBitMex.pro.bitmex(settings),
  bybit: (settings) => new Bybit(settings),
  coinbase: (settings) => new Coinbase(settings),
  deribit: (settings) => new Ccxt.pro.deribit(settings),
  kraken: (settings) => new Ccxt.pro.kraken(settings),
  okx: (settings) => new Ccxt.pro.okx(settings)
}

const symbol = "BTC/USDT"

/** The same addresses at a simulator: only their paths stay. */
const pointed = (addresses: Addresses, baseUrl: string): Addresses =>
  Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [
      name,
      typeof address === "string"
        ? address
          // Where there is one host, what is private of Kraken has a path of its own.
          .replace("wss://ws-auth.kraken.com", "wss://ws-auth.kraken.com/ws-auth")
          .replace(/^https:\/\/[^/]+/, baseUrl)
          .replace(/^wss:\/\/[^/]+/, baseUrl.replace("http", "ws"))
        : pointed(address, baseUrl)
    ])
  )

const start = Effect.fnUntraced(function*(id: Simulator.ExchangeId, settings: Settings = {}) {
  const make = clients[id]
  assert(make !== undefined)
  const { exchanges: [served] } = yield* SimulatorServer.make(id)
  assert(served !== undefined)
  const { baseUrl, simulator } = served
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => make(settings)),
    (client) => Effect.promise(() => client.close())
  )
  client.urls.api = pointed(client.urls.api, baseUrl)
  const ask = <A>(question: (client: Client) => Promise<A>) =>
    Effect.timeout(Effect.promise(() => question(client)), "30 seconds")
  // It wants that before a socket without TLS.
  yield* ask((client) => client.loadHttpProxyAgent())
  yield* ask((client) => client.loadMarkets())
  return { simulator, client, ask }
})

const top = (simulator: Simulator.Simulator) =>
  Effect.map(simulator.state, ({ markets }) => {
    const found = markets.find((market) => market.symbol === symbol)?.top
    return [found?.bid, found?.ask].map((price) => price === undefined ? undefined : BigDecimal.unsafeToNumber(price))
  })

describe.sequential.each(Simulator.exchangeIds.filter((id) => clients[id] !== undefined))(
  "ccxt as a listener to %s",
  (id) => {
    it.scopedLive("sees the ticker", () =>
      Effect.gen(function*() {
        const { ask, simulator } = yield* start(id)
        yield* simulator.setPrice(symbol, "64000")
        yield* Effect.repeat(ask((client) => client.watchTicker(symbol)), { until: ({ last }) => last === 64_000 })
          .pipe(
            Effect.timeout("30 seconds")
          )
      }), 60_000)

    it.scopedLive("sees every trade once, in order", () =>
      Effect.gen(function*() {
        const { ask } = yield* start(id)
        const ids: Array<string> = []
        const ats: Array<number> = []
        yield* Effect.repeat(
          Effect.map(ask((client) => client.watchTrades(symbol)), (trades) => {
            for (const { id = "", price, side, timestamp = 0 } of trades) {
              assert.isAbove(price ?? 0, 0)
              assert.include(["buy", "sell"], side)
              ids.push(id)
              ats.push(timestamp)
            }
          }),
          { until: () => ids.length >= 10 }
        ).pipe(Effect.timeout("30 seconds"))
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.deepStrictEqual(ats, ats.toSorted((one, other) => one - other))
      }), 60_000)

    it.scopedLive("keeps the book, checksums and numbers included", () =>
      Effect.gen(function*() {
        const { ask, simulator } = yield* start(id)
        let same = 0
        for (let time = 0; time < 10; time++) {
          const book = yield* ask((client) => client.watchOrderBook(symbol))
          const best = yield* top(simulator)
          if (book.bids[0]?.[0] === best[0] && book.asks[0]?.[0] === best[1]) same++
        }
        // What came when the second had just turned may be of the one before.
        assert.isAtLeast(same, 5)
      }), 60_000)
  }
)

/** What a watch makes known, as a row of values. */
type Row = ReadonlyArray<unknown>

type Ask = Effect.Effect.Success<ReturnType<typeof start>>["ask"]

/** Coinbase's `user` channel has neither fills nor balances, so that ccxt hears of its orders alone. */
const clientsThat = (watch: "watchOrders" | "watchMyTrades" | "watchBalance") =>
  Simulator.exchangeIds.filter((id) => clients[id]?.({}).has[watch] === true)

/** ccxt does not keep in mind what the changes of these do not say anew. */
const forgetful: ReadonlyArray<Simulator.ExchangeId> = ["bitmex", "kraken"]

/** An account one of whose watches is listened to, from when it is heard. */
const listen = Effect.fnUntraced(function*(
  id: Simulator.ExchangeId,
  watch: (client: Client) => Promise<ReadonlyArray<Row>>
) {
  const { key, passphrase, secret } = Simulator.credentials(id)
  const { ask, client, simulator } = yield* start(id, {
    apiKey: Redacted.value(key),
    secret: Redacted.value(secret),
    ...(passphrase === undefined ? {} : { password: Redacted.value(passphrase) }),
    // Of which Deribit's balances are asked for.
    options: { currencies: ["BTC", "USDT"] }
  })
  yield* simulator.setPrice(symbol, "64000")
  const rows: Array<Row> = []
  const news = yield* Mailbox.make<Row>()
  yield* Effect.promise(() => watch(client)).pipe(
    Effect.tap((told) => {
      rows.push(...told)
      return news.offerAll(told)
    }),
    Effect.forever,
    Mailbox.into(news),
    Effect.forkScoped
  )
  const place = placing(ask)
  // Nothing private meanwhile: of two requests at once the second may come first, and Kraken refuses the lower nonce.
  yield* Effect.repeat(ask((client) => client.fetchTicker(symbol)), {
    until: () => Effect.map(simulator.connections, (open) => open > 0)
  }).pipe(Effect.raceFirst(news.await), Effect.timeout("30 seconds"))
  // That a subscription stands is known by what it tells.
  yield* Effect.repeat(place("sell", 0.001), { until: () => rows.length > 0 }).pipe(
    Effect.raceFirst(news.await),
    Effect.timeout("30 seconds")
  )
  const isTold = (row: Row) => (other: Row) =>
    other.filter((value) => value !== undefined).length > 1 &&
    other.every((value, index) => value === row[index] || (value === undefined && forgetful.includes(id)))
  const hear = (row: Row) =>
    Effect.repeat(news.take, { until: isTold(row) }).pipe(
      Effect.timeoutFail({
        duration: "30 seconds",
        onTimeout: () =>
          new Error(`not heard: ${JSON.stringify(row)}\n${rows.map((row) => JSON.stringify(row)).join("\n")}`)
      })
    )
  return { ask, hear, place, rows, simulator }
})

/** A limit that the bid is above of: what buys rests there, what sells is filled. */
const price = 63_500

const placing = (ask: Ask) => (side: "buy" | "sell", amount: number) =>
  Effect.map(ask((client) => client.createOrder(symbol, "limit", side, amount, price)), ({ id }) => String(id))

describe.sequential("ccxt as a listener to an account", () => {
  it.scopedLive.each(clientsThat("watchOrders"))(
    "at %s hears what becomes of its orders",
    (id) =>
      Effect.gen(function*() {
        // Kraken's changes do not name the market, and are filed under none.
        const named = id === "kraken" ? undefined : symbol
        const { ask, hear, place, simulator } = yield* listen(id, async (client) =>
          (await client.watchOrders(named)).map(({ filled, id, price, remaining, side, status }) => [
            id,
            status,
            side,
            price,
            filled,
            // What was canceled has nothing left to fill at some, and as before at others.
            status === "open" ? remaining : undefined
          ]))
        const canceled = yield* place("buy", 0.01)
        yield* hear([canceled, "open", "buy", price, 0, 0.01])
        yield* simulator.fill(canceled, "0.004")
        yield* hear([canceled, "open", "buy", price, 0.004, 0.006])
        yield* ask((client) =>
          client.cancelOrder(canceled, symbol)
        )
        // What was filled in part and canceled is closed to ccxt where Bybit says so.
        yield* hear([canceled, id === "bybit" ? "closed" : "canceled", "buy", price, 0.004, undefined])
        const filled = yield* place("buy", 0.01)
        yield* hear([filled, "open", "buy", price, 0, 0.01])
        yield* simulator.fill(filled)
        yield* hear([filled, "closed", "buy", price, 0.01, undefined])
        const taken = yield* place("sell", 0.02)
        yield* hear([taken, "closed", "sell", price, 0.02, undefined])
      }),
    90_000
  )

  it.scopedLive.each(clientsThat("watchMyTrades"))(
    "at %s hears of each trade once, as it can be asked for",
    (id) =>
      Effect.gen(function*() {
        const rowsOf = (trades: ReadonlyArray<Ccxt.Trade>) =>
          trades.map(({ amount, id, order, price, side }): Row => [id, order, side, price, amount])
        const { ask, hear, place, rows, simulator } = yield* listen(
          id,
          async (client) => rowsOf(await client.watchMyTrades(symbol))
        )
        const heard: Array<Row> = []
        const hearTradesOf = Effect.fnUntraced(function*(orderId: string) {
          const asked = rowsOf(yield* ask((client) => client.fetchMyTrades(symbol)))
          for (
            const row of asked.filter(([id, order]) => order === orderId && !heard.some(([known]) => known === id))
          ) {
            yield* hear(row)
            heard.push(row)
          }
        })
        const rested = yield* place("buy", 0.01)
        yield* simulator.fill(rested, "0.004")
        yield* hearTradesOf(rested)
        yield* simulator.fill(rested)
        yield* hearTradesOf(rested)
        const taken = yield* place("sell", 0.02)
        yield* hearTradesOf(taken)
        assert.deepStrictEqual(rows.filter(([, order]) => order === rested || order === taken), heard)
        const fills = yield* simulator.see(({ engine }) => Engine.fills(engine).slice(-heard.length))
        assert.deepStrictEqual(
          heard.map((row) => row.slice(2)),
          fills.map(({ amount, price, side }, index) => [
            side,
            // ccxt takes the average of the order for the price of a trade of BitMEX.
            id === "bitmex" ? heard[index]?.[3] : BigDecimal.unsafeToNumber(price),
            BigDecimal.unsafeToNumber(amount)
          ])
        )
      }),
    90_000
  )

  it.scopedLive.each(clientsThat("watchBalance"))(
    "at %s hears what becomes of its balances",
    (id) =>
      Effect.gen(function*() {
        const assets = ["BTC", "USDT"]
        const { ask, hear, place, simulator } = yield* listen(id, async (client) => {
          const balances = await client.watchBalance()
          // ccxt puts all balances in the place of each of Deribit's.
          const of = (asset: string) => id === "deribit" ? at(balances, asset, asset) : at(balances, asset)
          return [assets.flatMap((asset) => [at(of(asset), "free"), at(of(asset), "total")])]
        })
        const hearAll = Effect.flatMap(simulator.state, ({ balances }) =>
          hear(assets.flatMap((asset) => {
            const held = balances.find((balance) => balance.asset === asset)
            assert(held !== undefined)
            return [held.free, BigDecimal.sum(held.free, held.locked)].map(BigDecimal.unsafeToNumber)
          })))
        // Kraken tells of totals alone.
        const hearHeld = id === "kraken" ? Effect.void : hearAll
        const rested = yield* place("buy", 0.01)
        yield* hearHeld
        yield* simulator.fill(rested, "0.004")
        yield* hearAll
        yield* ask((client) => client.cancelOrder(rested, symbol))
        yield* hearHeld
        yield* place("sell", 0.02)
        // BitMEX tells of each currency in a message of its own: of two at once ccxt gives the second with the next.
        if (id === "bitmex") yield* place("buy", 0.01)
        yield* hearAll
      }),
    90_000
  )
})
