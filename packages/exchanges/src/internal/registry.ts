// Written by scripts/exchanges.mjs from exchanges.json.
import { Binance } from "@effect-exchange/binance"
import { BitMex } from "@effect-exchange/bitmex"
import { Bybit } from "@effect-exchange/bybit"
import { Coinbase } from "@effect-exchange/coinbase"
import { Deribit } from "@effect-exchange/deribit"
import { Kraken } from "@effect-exchange/kraken"
import { Okx } from "@effect-exchange/okx"

/** @internal */
export const registry = {
  binance: Binance,
  bitmex: BitMex,
  bybit: Bybit,
  coinbase: Coinbase,
  deribit: Deribit,
  kraken: Kraken,
  okx: Okx
}
