import { Binance } from "@effect-exchange/binance"
import { Bybit } from "@effect-exchange/bybit"
import { ExchangeSymbol, type Market, MarketData } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import * as ccxt from "ccxt"
import { BigDecimal, Effect, Fiber, Layer, ManagedRuntime, Option, Stream } from "effect"
import { WebSocket } from "ws"

export type Exchange = "binance" | "bybit"
export type Kind = "trades" | "book"

export interface Subject {
  readonly exchange: Exchange
  readonly kind: Kind
  readonly port: number
}

export interface Client {
  /** Waits until the client has handed out a trade with this id, or a best bid with this amount. */
  readonly seen: (mark: number) => Promise<void>
  /**
   * The numbers of trades that were handed out, and that were dropped because the consumer was slow. Absent if the
   * client does not report them.
   */
  readonly counts?: { handed: number; dropped: number }
  readonly close: () => Promise<unknown>
}

/** Creates a watch, which waits for one value among those it is given. */
const watch = () => {
  let latest = Number.NaN
  let wanted = Number.NaN
  let resume = (): void => undefined
  return {
    see: (value: number): void => {
      latest = value
      if (value === wanted) resume()
    },
    seen: (mark: number): Promise<void> => {
      wanted = mark
      return new Promise((resolve) => {
        resume = resolve
        if (latest === mark) resolve()
      })
    }
  }
}

/** Returns the last nine digits of an id, because the whole id does not fit into a number. */
const numberOf = (id: unknown): number => Number(String(id).slice(-9))

const symbol = "BTC/USDT"
const depth = 1000

const known: Market.Market = {
  symbol: ExchangeSymbol.make(symbol),
  id: "BTCUSDT",
  base: "BTC",
  quote: "USDT",
  kind: "spot",
  status: "open"
}

const ours = async ({ exchange, kind, port }: Subject): Promise<Client> => {
  const options = {
    environment: { name: "bench", baseUrl: `http://127.0.0.1:${port}` },
    markets: [known],
    marketsMaxAge: "1 day"
  } as const
  const layer: Layer.Layer<MarketData.MarketData, unknown> = exchange === "bybit"
    ? Bybit.layerMarketData(options).pipe(Layer.provide(NodeExchange.layer))
    : Binance.layerMarketData(options).pipe(Layer.provide(NodeExchange.layer))
  const runtime = ManagedRuntime.make(layer)
  const market = await runtime.runPromise(MarketData.MarketData)
  const { see, seen } = watch()
  const connected = watch()
  const counts = { handed: 0, dropped: 0 }
  const run = kind === "trades"
    ? Stream.runForEach(market.streamTrades(symbol), (item) =>
      Effect.sync(() => {
        if (item._tag === "Dropped") counts.dropped += item.count
        if (item._tag === "Connected") connected.see(1)
        if (item._tag !== "Data") return
        counts.handed++
        see(numberOf(item.value.id))
      }))
    : Stream.runForEach(market.streamOrderBook(symbol, { depth }), (item) =>
      Effect.sync(() => {
        if (item._tag !== "Data") return
        connected.see(1)
        const best = Option.getOrUndefined(item.value.bestBid)
        if (best !== undefined) see(BigDecimal.unsafeToNumber(best.amount))
      }))
  const fiber = runtime.runFork(Effect.orDie(run))
  await Promise.race([connected.seen(1), Effect.runPromise(Fiber.join(fiber))])
  return { seen, counts, close: () => runtime.dispose() }
}

const ofCcxt = (exchange: Exchange, port: number) => {
  const url = `ws://127.0.0.1:${port}`
  if (exchange === "bybit") {
    const client = new ccxt.pro.bybit({ enableRateLimit: false })
    client.urls["api"]["ws"]["public"]["spot"] = `${url}/v5/public/spot`
    return client
  }
  const client = new ccxt.pro.binance({ enableRateLimit: false })
  client.urls["api"]["ws"]["spot"] = `${url}/ws`
  return client
}

const theirs = async ({ exchange, kind, port }: Subject): Promise<Client> => {
  const client = ofCcxt(exchange, port)
  await client.loadHttpProxyAgent()
  client.setMarkets([
    client.safeMarketStructure({
      id: "BTCUSDT",
      symbol,
      base: "BTC",
      quote: "USDT",
      type: "spot",
      spot: true,
      active: true
    })
  ])
  const { see, seen } = watch()
  const leaving = new AbortController()
  const watchOne = kind === "trades"
    ? async () => see(numberOf((await client.watchTrades(symbol)).at(-1)?.id))
    : async () => see(Number((await client.watchOrderBook(symbol, depth)).bids[0]?.[1]))
  const loop = async (): Promise<void> => {
    try {
      while (!leaving.signal.aborted) await watchOne()
    } catch (error) {
      if (!leaving.signal.aborted) throw error
    }
  }
  void loop()
  await new Promise((resolve) => setTimeout(resolve, 500))
  return {
    seen,
    close: () => {
      leaving.abort()
      return client.close()
    }
  }
}

const bare = async ({ exchange, kind, port }: Subject): Promise<Client> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${exchange === "bybit" ? "/v5/public/spot" : "/stream"}`)
  const { see, seen } = watch()
  const topic = kind === "book"
    ? "orderbook.1000.BTCUSDT"
    : exchange === "bybit"
    ? "publicTrade.BTCUSDT"
    : "btcusdt@trade"
  socket.on("message", (data) => {
    const { data: said } = JSON.parse(String(data))
    if (said === undefined) return
    if (kind === "book") see(Number(said.b[0]?.[1]))
    else see(numberOf(exchange === "bybit" ? said.at(-1).i : said.t))
  })
  await new Promise((resolve) => socket.on("open", resolve))
  socket.send(
    JSON.stringify(
      exchange === "bybit" ? { op: "subscribe", args: [topic] } : { method: "SUBSCRIBE", params: [topic], id: 1 }
    )
  )
  await new Promise((resolve) => setTimeout(resolve, 500))
  return { seen, close: async () => socket.terminate() }
}

export const clients = { ours, ccxt: theirs, ws: bare }
