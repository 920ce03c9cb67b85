const matching = { burst: 20, rate: 5, cost: 1 }

/** @internal The pools of the account; an IP without a key has some as large, which is not published. */
export const meters = {
  ordinary: { burst: 50_000, rate: 10_000, cost: 500 },
  instruments: { burst: 500_000, rate: 10_000, cost: 10_000 },
  trading: matching,
  spot: matching,
  cancel_all: matching
}
