import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  reads: { calls: 30, window: 1000 },
  live: ["https://www.bitmex.com", "https://archive.example"],
  harmless: ["https://testnet.bitmex.com"]
}
