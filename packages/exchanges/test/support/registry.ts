// Written by scripts/exchanges.mjs from exchanges.json.
import { facts as Binance } from "../../../binance/test/facts.js"
import { facts as BitMex } from "../../../bitmex/test/facts.js"
import { facts as Bybit } from "../../../bybit/test/facts.js"
import { facts as Coinbase } from "../../../coinbase/test/facts.js"
import { facts as Deribit } from "../../../deribit/test/facts.js"
import { facts as Kraken } from "../../../kraken/test/facts.js"
import { facts as Okx } from "../../../okx/test/facts.js"

/** The facts about each exchange, from its documentation. */
export const registry = {
  binance: Binance,
  bitmex: BitMex,
  bybit: Bybit,
  coinbase: Coinbase,
  deribit: Deribit,
  kraken: Kraken,
  okx: Okx
}
