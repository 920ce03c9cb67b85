import type { binance } from "ccxt"
import { Agent as HttpAgent } from "node:http"
import { Agent, request } from "undici"

const path = "/api/v3/ticker/24hr?symbol=BTCUSDT"

/** Creates ccxt's client of the exchange on the loopback, with its rate limiter off. */
export const makeCcxt = async (baseUrl: string): Promise<binance> => {
  const { binance } = await import("ccxt")
  const client = new binance({ enableRateLimit: false, options: { fetchMarkets: { types: ["spot"] } } })
  client.urls["api"]["public"] = `${baseUrl}/api/v3`
  return client
}

/** Creates the same client and loads its markets. */
export const ccxtOf = async (baseUrl: string): Promise<binance> => {
  const client = await makeCcxt(baseUrl)
  await client.loadMarkets()
  return client
}

const agent = () => new HttpAgent({ keepAlive: true, maxSockets: 256 })

/** Requests the ticker with plain undici and parses it. */
const undiciTicker = (baseUrl: string) => {
  const dispatcher = new Agent({ connections: 256, pipelining: 1 })
  return async (): Promise<unknown> => {
    const { body } = await request(baseUrl + path, { dispatcher })
    return JSON.parse(await body.text())
  }
}

/** The other ways in which a program could read a ticker. Each loads only the modules that it needs. */
export const tickersOfPeers = {
  "ccxt": async (baseUrl: string) => {
    const client = await ccxtOf(baseUrl)
    return () => client.fetchTicker("BTC/USDT")
  },
  "undici": async (baseUrl: string) => undiciTicker(baseUrl),
  "undici in cockatiel's timeout": async (baseUrl: string) => {
    const { timeout, TimeoutStrategy } = await import("cockatiel")
    const ticker = undiciTicker(baseUrl)
    const limit = timeout(10_000, TimeoutStrategy.Aggressive)
    return () => limit.execute(ticker)
  },
  "fetch": async (baseUrl: string) => async () => (await fetch(baseUrl + path)).json(),
  "axios": async (baseUrl: string) => {
    const { create } = await import("axios")
    const client = create({ baseURL: baseUrl, httpAgent: agent() })
    return async () => (await client.get(path)).data
  },
  "binance SDK": async (baseUrl: string) => {
    const { MainClient } = await import("binance")
    const client = new MainClient({ baseUrl }, { httpAgent: agent() })
    return () => client.get24hrChangeStatistics({ symbol: "BTCUSDT" })
  }
}
