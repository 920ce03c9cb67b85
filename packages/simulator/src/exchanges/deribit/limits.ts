import { bucket } from "../../internal/meters.js"

const matching = { rule: bucket(20, 5), cost: 1 }

/**
 * @internal The token buckets of the account. An IP address without a key has buckets of the same size, which Deribit
 * does not document.
 */
export const limits = {
  ordinary: { rule: bucket(50_000, 10_000), cost: 500 },
  subscribe: { rule: bucket(30_000, 10_000), cost: 3000 },
  instruments: { rule: bucket(500_000, 10_000), cost: 10_000 },
  trading: matching,
  spot: matching,
  cancel_all: matching
}
