import { Binance } from "@effect-exchange/binance"
import { BitMex } from "@effect-exchange/bitmex"
import { Bybit } from "@effect-exchange/bybit"
import { Coinbase } from "@effect-exchange/coinbase"
import {
  Account,
  type ExchangeError,
  MarketData,
  type OrderJournal,
  type Price,
  type Trading
} from "@effect-exchange/core"
import { Deribit } from "@effect-exchange/deribit"
import { Kraken } from "@effect-exchange/kraken"
import { Okx } from "@effect-exchange/okx"
import type { HttpClient } from "@effect/platform"
import { describe, expectTypeOf, it } from "@effect/vitest"
import { type ConfigError, Effect, type Layer } from "effect"

describe("prices", () => {
  it("has the types of price, and needs only a Layer of market data", () => {
    expectTypeOf<Effect.Effect.Success<ReturnType<MarketData.MarketData.Service["prices"]>>>().toEqualTypeOf<
      ReadonlyArray<Price.Price>
    >()
    expectTypeOf<Effect.Effect.Error<ReturnType<MarketData.MarketData.Service["prices"]>>>().toEqualTypeOf<
      Effect.Effect.Error<ReturnType<MarketData.MarketData.Service["price"]>>
    >()
    const prices = Effect.flatMap(MarketData.MarketData, (market) => market.prices(["BTC/USDT"])).pipe(
      Effect.provide(Binance.layerMarketData())
    )
    expectTypeOf<Effect.Effect.Context<typeof prices>>().toEqualTypeOf<HttpClient.HttpClient>()
  })
})

describe("a testnet", () => {
  it("is an environment of every exchange that has one", () => {
    for (const { layer, layerAccount, layerMarketData } of [Binance, BitMex, Bybit, Deribit, Okx]) {
      layerMarketData({ environment: "testnet" })
      layerAccount({ environment: "testnet" })
      layer({ environment: "testnet" })
    }
  })

  it("does not compile for an exchange without one", () => {
    for (const { layer, layerAccount, layerMarketData } of [Coinbase, Kraken]) {
      // @ts-expect-error: there is no testnet
      layerMarketData({ environment: "testnet" })
      // @ts-expect-error: there is no testnet
      layerAccount({ environment: "testnet" })
      // @ts-expect-error: there is no testnet
      layer({ environment: "testnet" })
    }
  })
})

describe("Account.verified", () => {
  it("keeps every service of its Layer", () => {
    const trading = Binance.layer({ environment: "testnet" }).pipe(Account.verified())
    expectTypeOf<Layer.Layer.Success<typeof trading>>().toEqualTypeOf<
      Layer.Layer.Success<ReturnType<typeof Binance.layer>>
    >()
    expectTypeOf<Trading.Trading>().toExtend<Layer.Layer.Success<typeof trading>>()
    expectTypeOf<Layer.Layer.Error<typeof trading>>().toEqualTypeOf<
      ConfigError.ConfigError | ExchangeError.AccountError | ExchangeError.KeyRefused
    >()
    expectTypeOf<Layer.Layer.Context<typeof trading>>().toEqualTypeOf<
      HttpClient.HttpClient | OrderJournal.OrderJournal
    >()

    const reading = Binance.layerAccount().pipe(Account.verified({ allowTrade: true }))
    expectTypeOf<Account.Account | MarketData.MarketData>().toExtend<Layer.Layer.Success<typeof reading>>()
    expectTypeOf<Extract<Layer.Layer.Success<typeof reading>, Trading.Trading>>().toBeNever()
  })

  it("rejects a Layer without an Account", () => {
    // @ts-expect-error: there is no key to verify
    Binance.layerMarketData().pipe(Account.verified())
  })
})
