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

/** The login of ccxt sends the expiry as text, but Bybit requires a number. */
class Bybit extends Ccxt.pro.bybit {
  override authenticate(url: string) {
    const expires = this.milliseconds() + 10_000
    const signature = createHmac("sha256", this.secret).update(`GET/realtime${expires}`).digest("hex")
    return super.authenticate(url, { args: [this.apiKey, expires, signature] })
  }
}

/** ccxt signs the token of a message with ES256, whatever key it has. */
class Coinbase extends Ccxt.pro.coinbase {
  override createWSAuth() {
    return { jwt: this.createAuthToken(this.seconds(), undefined, undefined, true) }
  }
}

/** The streaming client of ccxt for each exchange. */
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

/** The same addresses with the host of a simulator. */
const redirected = (addresses: Addresses, baseUrl: string): Addresses =>
  Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [
      name,
      typeof address === "string"
        ? address
          // With a single host, the private socket of Kraken has its own path.
          .replace("wss://ws-auth.kraken.com", "wss://ws-auth.kraken.com/ws-auth")
          .replace(/^https:\/\/[^/]+/, baseUrl)
          .replace(/^wss:\/\/[^/]+/, baseUrl.replace("http", "ws"))
        : redirected(address, baseUrl)
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
  client.urls.api = redirected(client.urls.api, baseUrl)
  const ask = <A>(question: (client: Client) => Promise<A>) =>
    Effect.timeout(Effect.promise(() => question(client)), "30 seconds")
  // ccxt requires this before it opens a socket without TLS.
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
  "ccxt as a subscriber of %s",
  (id) => {
    it.scopedLive("receives the ticker", () =>
      Effect.gen(function*() {
        const { ask, simulator } = yield* start(id)
        yield* simulator.setPrice(symbol, "64000")
        yield* Effect.repeat(ask((client) => client.watchTicker(symbol)), { until: ({ last }) => last === 64_000 })
          .pipe(
            Effect.timeout("30 seconds")
          )
      }), 60_000)

    it.scopedLive("receives every trade once, in order", () =>
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

    it.scopedLive("maintains the order book, with checksums and sequence numbers", () =>
      Effect.gen(function*() {
        const { ask, simulator } = yield* start(id)
        let same = 0
        for (let time = 0; time < 10; time++) {
          const book = yield* ask((client) => client.watchOrderBook(symbol))
          const best = yield* top(simulator)
          if (book.bids[0]?.[0] === best[0] && book.asks[0]?.[0] === best[1]) same++
        }
        // A book that was received at the turn of a second may be of the previous one.
        assert.isAtLeast(same, 5)
      }), 60_000)
  }
)

/** An update of a watch method, as a row of values. */
type Row = ReadonlyArray<unknown>

type Ask = Effect.Effect.Success<ReturnType<typeof start>>["ask"]

/** The exchanges whose ccxt client has this method. Coinbase's `user` channel has neither fills nor balances. */
const clientsThat = (watch: "watchOrders" | "watchMyTrades" | "watchBalance") =>
  Simulator.exchangeIds.filter((id) => clients[id]?.({}).has[watch] === true)

/** The exchanges for which ccxt does not merge partial updates, so that fields may be missing. */
const withoutMerging: ReadonlyArray<Simulator.ExchangeId> = ["bitmex", "kraken"]

/** Subscribes to an account with one watch method, and waits for the first update. */
const subscribe = Effect.fnUntraced(function*(
  id: Simulator.ExchangeId,
  watch: (client: Client) => Promise<ReadonlyArray<Row>>
) {
  const { key, passphrase, secret } = Simulator.credentials(id)
  const { ask, client, simulator } = yield* start(id, {
    apiKey: Redacted.value(key),
    secret: Redacted.value(secret),
    ...(passphrase === undefined ? {} : { password: Redacted.value(passphrase) }),
    // The currencies whose balances are requested from Deribit.
    options: { currencies: ["BTC", "USDT"] }
  })
  yield* simulator.setPrice(symbol, "64000")
  const rows: Array<Row> = []
  const mailbox = yield* Mailbox.make<Row>()
  yield* Effect.promise(() => watch(client)).pipe(
    Effect.tap((updates) => {
      rows.push(...updates)
      return mailbox.offerAll(updates)
    }),
    Effect.forever,
    Mailbox.into(mailbox),
    Effect.forkScoped
  )
  const place = placing(ask)
  // Sends no private request meanwhile: of two concurrent requests the second may arrive first, and Kraken rejects the
  // lower nonce.
  yield* Effect.repeat(ask((client) => client.fetchTicker(symbol)), {
    until: () => Effect.map(simulator.connections, (open) => open > 0)
  }).pipe(Effect.raceFirst(mailbox.await), Effect.timeout("30 seconds"))
  // The subscription is active once an update arrives.
  yield* Effect.repeat(place("sell", 0.001), { until: () => rows.length > 0 }).pipe(
    Effect.raceFirst(mailbox.await),
    Effect.timeout("30 seconds")
  )
  const matches = (row: Row) => (other: Row) =>
    other.filter((value) => value !== undefined).length > 1 &&
    other.every((value, index) => value === row[index] || (value === undefined && withoutMerging.includes(id)))
  const awaitRow = (row: Row) =>
    Effect.repeat(mailbox.take, { until: matches(row) }).pipe(
      Effect.timeoutFail({
        duration: "30 seconds",
        onTimeout: () =>
          new Error(`not received: ${JSON.stringify(row)}\n${rows.map((row) => JSON.stringify(row)).join("\n")}`)
      })
    )
  return { ask, awaitRow, place, rows, simulator }
})

/** A limit price below the bid: buy orders rest and sell orders are filled. */
const price = 63_500

const placing = (ask: Ask) => (side: "buy" | "sell", amount: number) =>
  Effect.map(ask((client) => client.createOrder(symbol, "limit", side, amount, price)), ({ id }) => String(id))

describe.sequential("ccxt as a subscriber of an account", () => {
  it.scopedLive.each(clientsThat("watchOrders"))(
    "receives the updates of its orders on %s",
    (id) =>
      Effect.gen(function*() {
        // Updates of Kraken do not name the market, so ccxt stores them without one.
        const named = id === "kraken" ? undefined : symbol
        const { ask, awaitRow, place, simulator } = yield* subscribe(id, async (client) =>
          (await client.watchOrders(named)).map(({ filled, id, price, remaining, side, status }) => [
            id,
            status,
            side,
            price,
            filled,
            // The remaining amount of a canceled order is zero on some exchanges and unchanged on others.
            status === "open" ? remaining : undefined
          ]))
        const canceled = yield* place("buy", 0.01)
        yield* awaitRow([canceled, "open", "buy", price, 0, 0.01])
        yield* simulator.fill(canceled, "0.004")
        yield* awaitRow([canceled, "open", "buy", price, 0.004, 0.006])
        yield* ask((client) =>
          client.cancelOrder(canceled, symbol)
        )
        // ccxt reports a partly filled order that was canceled on Bybit as closed.
        yield* awaitRow([canceled, id === "bybit" ? "closed" : "canceled", "buy", price, 0.004, undefined])
        const filled = yield* place("buy", 0.01)
        yield* awaitRow([filled, "open", "buy", price, 0, 0.01])
        yield* simulator.fill(filled)
        yield* awaitRow([filled, "closed", "buy", price, 0.01, undefined])
        const taken = yield* place("sell", 0.02)
        yield* awaitRow([taken, "closed", "sell", price, 0.02, undefined])
      }),
    90_000
  )

  it.scopedLive.each(clientsThat("watchMyTrades"))(
    "receives each trade on %s once, as fetchMyTrades returns it",
    (id) =>
      Effect.gen(function*() {
        const rowsOf = (trades: ReadonlyArray<Ccxt.Trade>) =>
          trades.map(({ amount, id, order, price, side }): Row => [id, order, side, price, amount])
        const { ask, awaitRow, place, rows, simulator } = yield* subscribe(
          id,
          async (client) => rowsOf(await client.watchMyTrades(symbol))
        )
        const received: Array<Row> = []
        const awaitTradesOf = Effect.fnUntraced(function*(orderId: string) {
          const asked = rowsOf(yield* ask((client) => client.fetchMyTrades(symbol)))
          for (
            const row of asked.filter(([id, order]) => order === orderId && !received.some(([known]) => known === id))
          ) {
            yield* awaitRow(row)
            received.push(row)
          }
        })
        const rested = yield* place("buy", 0.01)
        yield* simulator.fill(rested, "0.004")
        yield* awaitTradesOf(rested)
        yield* simulator.fill(rested)
        yield* awaitTradesOf(rested)
        const taken = yield* place("sell", 0.02)
        yield* awaitTradesOf(taken)
        assert.deepStrictEqual(rows.filter(([, order]) => order === rested || order === taken), received)
        const fills = yield* simulator.see(({ engine }) => Engine.fills(engine).slice(-received.length))
        assert.deepStrictEqual(
          received.map((row) => row.slice(2)),
          fills.map(({ amount, price, side }, index) => [
            side,
            // ccxt uses the average price of the order as the price of a trade on BitMEX.
            id === "bitmex" ? received[index]?.[3] : BigDecimal.unsafeToNumber(price),
            BigDecimal.unsafeToNumber(amount)
          ])
        )
      }),
    90_000
  )

  it.scopedLive.each(clientsThat("watchBalance"))(
    "receives the updates of its balances on %s",
    (id) =>
      Effect.gen(function*() {
        const assets = ["BTC", "USDT"]
        const { ask, awaitRow, place, simulator } = yield* subscribe(id, async (client) => {
          const balances = await client.watchBalance()
          // For Deribit ccxt nests all balances under each asset.
          const of = (asset: string) => id === "deribit" ? at(balances, asset, asset) : at(balances, asset)
          return [assets.flatMap((asset) => [at(of(asset), "free"), at(of(asset), "total")])]
        })
        const awaitBalances = Effect.flatMap(simulator.state, ({ balances }) =>
          awaitRow(assets.flatMap((asset) => {
            const held = balances.find((balance) => balance.asset === asset)
            assert(held !== undefined)
            return [held.free, BigDecimal.sum(held.free, held.locked)].map(BigDecimal.unsafeToNumber)
          })))
        // Kraken sends totals only.
        const awaitLockedBalances = id === "kraken" ? Effect.void : awaitBalances
        const rested = yield* place("buy", 0.01)
        yield* awaitLockedBalances
        yield* simulator.fill(rested, "0.004")
        yield* awaitBalances
        yield* ask((client) => client.cancelOrder(rested, symbol))
        yield* awaitLockedBalances
        yield* place("sell", 0.02)
        // BitMEX sends one message per currency, and ccxt returns the second of two with the next update.
        if (id === "bitmex") yield* place("buy", 0.01)
        yield* awaitBalances
      }),
    90_000
  )
})
