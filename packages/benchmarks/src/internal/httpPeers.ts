import { create } from "axios"
import { MainClient } from "binance"
import * as ccxt from "ccxt"
import { Agent as HttpAgent } from "node:http"
import { Agent, request } from "undici"

const path = "/api/v3/ticker/24hr?symbol=BTCUSDT"

/** ccxt's client of the exchange on the loopback, with its limiter off. */
export const makeCcxt = (baseUrl: string): ccxt.binance => {
  const client = new ccxt.binance({ enableRateLimit: false, options: { fetchMarkets: { types: ["spot"] } } })
  client.urls["api"]["public"] = `${baseUrl}/api/v3`
  return client
}

/** The same with its markets loaded. */
export const ccxtOf = async (baseUrl: string): Promise<ccxt.binance> => {
  const client = makeCcxt(baseUrl)
  await client.loadMarkets()
  return client
}

/** What a program would ask a ticker by, if not by ours. */
export const tickersOfPeers = async (baseUrl: string): Promise<Readonly<Record<Peer, () => Promise<unknown>>>> => {
  const client = await ccxtOf(baseUrl)
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: 256 })
  const sdk = new MainClient({ baseUrl }, { httpAgent })
  const onAxios = create({ baseURL: baseUrl, httpAgent })
  const dispatcher = new Agent({ connections: 256, pipelining: 1 })
  return {
    "ccxt": () => client.fetchTicker("BTC/USDT"),
    "undici": async () => {
      const { body } = await request(baseUrl + path, { dispatcher })
      return JSON.parse(await body.text())
    },
    "fetch": async () => (await fetch(baseUrl + path)).json(),
    "axios": async () => (await onAxios.get(path)).data,
    "binance SDK": () => sdk.get24hrChangeStatistics({ symbol: "BTCUSDT" })
  }
}

export type Peer = "ccxt" | "undici" | "fetch" | "axios" | "binance SDK"
