// Written by scripts/exchanges.mjs from exchanges.json.

/** @internal */
export const ids = ["binance", "bitmex", "bybit", "coinbase", "deribit", "kraken", "okx"] as const
