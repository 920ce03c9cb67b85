import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  // A pool of 100 that refills by 20 a second.
  reads: { calls: 120, window: 1000 },
  live: ["https://www.deribit.com", "https://test.deribit.com.evil.example"],
  harmless: ["https://test.deribit.com"]
}
