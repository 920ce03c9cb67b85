import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  reads: { calls: 1, window: 1000 },
  live: ["https://api.kraken.com", "https://93.184.216.34"],
  harmless: ["https://localhost:8443"]
}
