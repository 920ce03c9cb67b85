// Written by scripts/exchanges.mjs from exchanges.json.
import { Binance } from "@effect-exchange/binance"
import { BitMex } from "@effect-exchange/bitmex"
import { Bybit } from "@effect-exchange/bybit"
import { Coinbase } from "@effect-exchange/coinbase"
import { Kraken } from "@effect-exchange/kraken"
import { Okx } from "@effect-exchange/okx"

/** @internal */
export const registry = {
  binance: Binance,
  bitmex: BitMex,
  bybit: Bybit,
  coinbase: Coinbase,
  kraken: Kraken,
  okx: Okx
}
