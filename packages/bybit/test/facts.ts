import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  reads: { calls: 600, window: 5000 },
  live: ["https://api.bybit.com", "https://api.bytick.com", "https://api.bybit.eu", "https://api.bybit.com."],
  harmless: ["https://api-testnet.bybit.com", "https://api-demo.bybit.com"]
}
