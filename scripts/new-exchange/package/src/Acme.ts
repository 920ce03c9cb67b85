/**
 * Acme Exchange: spot markets.
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { ClientOrderId, Exchange, Listing, Question, type Row, type Wire } from "@effect-exchange/core/adapter"
import * as Endpoints from "./Endpoints.js"
import { protocol } from "./Protocol.js"
import type * as Rows from "./Rows.js"

const { to } = Question

/** Stands in for an unwritten question, and says what to do. Remove it once all questions are written. */
const unwritten = (operation: string) => ({ exchange }: { readonly exchange: string }) => () =>
  new ExchangeError.Unsupported({
    exchange,
    operation,
    detail: `${operation} is not written yet`,
    alternative: "declare its endpoint, its row and its question in packages/acme/src, and its route in the dialect"
  })

/** Core derives the symbol from the assets. */
const market = (row: Wire.Type<typeof Rows.Market>): Row.Market => ({ ...row, kind: "spot" })

/**
 * Acme Exchange: its tags, its Layers and its features.
 *
 * `layerMarketData` provides public data. It needs no credentials and has no access to any. `layerAccount` adds the
 * account of an API key. `layer` adds trading; the live exchange requires both `environment: "live"` and
 * `trading: "enabled"`. `layerAccountConfig` and `layerConfig` take every option from configuration. `features`
 * describes what the exchange supports.
 *
 * The services of the tags `MarketData`, `Account` and `Trading` are the same values as those of the shared tags. Use
 * these tags in programs with several exchanges.
 *
 * `credentials` default to `ACME_API_KEY` and `ACME_API_SECRET` from configuration. They are read again when they may
 * have been rotated.
 *
 * @since 0.1.0
 * @category exchanges
 */
export const Acme = Exchange.define({
  name: "Acme Exchange",
  protocol,
  kinds: ["spot"],
  lacks: ["positions", "amend", "placeBatch"],
  marketData: {
    listings: [to(Endpoints.getMarkets, Listing.map(market))],
    ticker: unwritten("ticker"),
    book: { depths: 100, read: unwritten("book") },
    trades: { most: 100, order: "newest first", read: unwritten("trades") },
    candles: { words: { "1m": "1m", "1h": "1h", "1d": "1d" }, page: 1000, read: unwritten("candles") },
    status: unwritten("status")
  },
  account: {
    balances: unwritten("balances"),
    keyPermissions: unwritten("keyPermissions"),
    openOfAll: unwritten("openOfAll"),
    byId: unwritten("byId"),
    byName: [unwritten("byName")],
    ended: { order: "newest first", read: unwritten("ended") },
    fills: { order: "newest first", read: unwritten("fills") }
  },
  trading: {
    names: { pattern: /^[0-9a-f-]{36}$/, described: "a UUID in lower case", make: ClientOrderId.asUuid },
    timeInForce: ["GTC"],
    reduceOnly: false,
    deduplicates: "never",
    takenWithin: "10 seconds",
    seenWithin: "10 seconds",
    place: unwritten("place"),
    cancel: { by: "id", ask: unwritten("cancel") }
  }
})

/**
 * @since 0.1.0
 * @category exchanges
 */
export declare namespace Acme {
  /**
   * @since 0.1.0
   * @category tags
   */
  export type MarketData = Exchange.Named<"Acme ExchangeMarketData">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Account = Exchange.Named<"Acme ExchangeAccount">

  /**
   * @since 0.1.0
   * @category tags
   */
  export type Trading = Exchange.Named<"Acme ExchangeTrading">
}
