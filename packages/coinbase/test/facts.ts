import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  reads: { calls: 10, window: 1000 },
  live: ["https://api.coinbase.com", "https://proxy.example"],
  harmless: ["https://api-sandbox.coinbase.com"]
}
