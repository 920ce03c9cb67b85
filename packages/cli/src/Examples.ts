/**
 * Example command lines for each command.
 *
 * @since 0.1.0
 */

/**
 * The examples of each command by its name. `""` is the root command.
 *
 * @since 0.1.0
 * @category constants
 */
export const examples: { readonly [command: string]: ReadonlyArray<string> } = {
  "": ["price BTC/USDT", "price --help"],
  price: ["price BTC/USDT", "price BTC/USDT ETH/USDT --exchange kraken,okx --environment live"],
  watch: ["watch BTC/USDT", "watch BTC/USDT --exchange kraken --interval 5s --json"],
  book: ["book BTC/USD --exchange kraken --depth 15"],
  trades: ["trades BTC/USD --exchange kraken"],
  markets: ["markets btc --exchange kraken --kind spot"],
  candles: [
    "candles BTC/USDT --interval 1h --from 2026-01-01 --format table",
    "candles BTC/USDT --from 2026-01-01 --output candles.csv"
  ],
  balance: ["balance --exchange binance,okx --environment live"],
  orders: ["orders", "orders BTC/USDT --exchange binance --all"],
  fills: ["fills BTC/USDT --exchange kraken --from 2026-01-01"],
  positions: ["positions --exchange okx,deribit"],
  order: ["order place buy 0.01 BTC/USDT --limit 60000", "order show BTC/USDT --client-id mine-1"],
  "order show": ["order show BTC/USDT --id 4711 --exchange binance"],
  "order place": [
    "order place buy 0.01 BTC/USDT --limit 60000 --post-only",
    "order place sell 0.01 BTC/USDT --market --max-notional 1000"
  ],
  "order amend": ["order amend BTC/USDT --id 4711 --price 60500 --exchange okx"],
  "order cancel": ["order cancel BTC/USDT --client-id mine-1"],
  "order cancel-all": ["order cancel-all BTC/USDT --exchange okx"],
  "order reconcile": ["order reconcile --exchange binance --environment live --journal orders.journal"],
  call: [
    "call GET /0/public/Time --exchange kraken",
    "call GET /api/v3/account --signed --exchange binance"
  ],
  health: ["health --exchange kraken,okx --environment live"],
  doctor: ["doctor", "doctor --exchange kraken --json"],
  keys: ["keys check"],
  "keys check": ["keys check --exchange binance,okx"],
  config: ["config", "config --all"],
  serve: ["serve --exchange kraken,okx --environment live --port 8080"],
  simulate: ["simulate --exchange binance,kraken --port 4000"],
  contract: ["contract --exchange kraken --environment live --output report.md"],
  record: ["record --exchange kraken --environment live --output test/fixtures"]
}
