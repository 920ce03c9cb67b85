// Written by scripts/exchanges.mjs from exchanges.json.
import * as Binance from "../exchanges/binance/dialect.js"
import * as BitMex from "../exchanges/bitmex/dialect.js"
import * as Bybit from "../exchanges/bybit/dialect.js"
import * as Coinbase from "../exchanges/coinbase/dialect.js"
import * as Deribit from "../exchanges/deribit/dialect.js"
import * as Kraken from "../exchanges/kraken/dialect.js"
import * as Okx from "../exchanges/okx/dialect.js"

/** @internal */
export const registry = {
  binance: Binance.dialect,
  bitmex: BitMex.dialect,
  bybit: Bybit.dialect,
  coinbase: Coinbase.dialect,
  deribit: Deribit.dialect,
  kraken: Kraken.dialect,
  okx: Okx.dialect
}
