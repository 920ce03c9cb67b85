import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  // An order book of 5000 levels costs 250 of 6000 a minute.
  reads: { calls: 24, window: 60_000 },
  live: [
    "https://api.binance.com",
    "https://api1.binance.com",
    "https://api-gcp.binance.com",
    "https://api.binance.us",
    "https://API.BINANCE.COM:443/",
    "https://testnet.binance.vision.evil.example"
  ],
  harmless: ["https://testnet.binance.vision", "https://Demo-API.binance.com", "https://api1.testnet.binance.vision"]
}
