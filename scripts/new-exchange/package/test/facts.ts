import type { Facts } from "../../exchanges/test/support/facts.js"

export const facts: Facts = {
  reads: { calls: 10, window: 1000 },
  live: ["https://api.acme.example"],
  harmless: ["http://127.0.0.1:8080"]
}
