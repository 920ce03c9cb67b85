import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  reads: { calls: 20, window: 2000 },
  live: ["https://www.okx.com", "https://my.okx.com", "https://eea.okx.com", "https://us.okx.com"],
  harmless: ["http://127.0.0.1:8080"]
}
