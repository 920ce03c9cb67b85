/**
 * The exchanges that can be simulated: one line each.
 *
 * @since 0.1.0
 */
import * as Struct from "effect/Struct"
import type { Dialect } from "./Dialect.js"
import * as Binance from "./exchanges/binance/dialect.js"
import * as BitMex from "./exchanges/bitmex/dialect.js"
import * as Bybit from "./exchanges/bybit/dialect.js"
import * as Coinbase from "./exchanges/coinbase/dialect.js"
import * as Deribit from "./exchanges/deribit/dialect.js"
import * as Kraken from "./exchanges/kraken/dialect.js"
import * as Okx from "./exchanges/okx/dialect.js"

/**
 * Every dialect by its exchange's id.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialects = {
  binance: Binance.dialect,
  bitmex: BitMex.dialect,
  bybit: Bybit.dialect,
  coinbase: Coinbase.dialect,
  deribit: Deribit.dialect,
  kraken: Kraken.dialect,
  okx: Okx.dialect
} as const satisfies Record<string, Dialect>

/**
 * The id of an exchange that can be simulated.
 *
 * @since 0.1.0
 * @category models
 */
export type ExchangeId = keyof typeof dialects

/**
 * All ids, in the order of the table above.
 *
 * @since 0.1.0
 * @category dialects
 */
export const exchangeIds: ReadonlyArray<ExchangeId> = Struct.keys(dialects)
