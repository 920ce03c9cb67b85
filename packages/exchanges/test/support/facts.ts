/**
 * The facts about one exchange that the tests of all exchanges need. They come from its documentation and not from its
 * client, and are stated in `test/facts.ts` of its package.
 */
export interface Facts {
  /** The rate limit for reads of one kind: at most `calls` in `window` milliseconds. */
  readonly reads: { readonly calls: number; readonly window: number }
  /** Addresses at which orders may cost real money: those of the exchange, and some that only look harmless. */
  readonly live: ReadonlyArray<string>
  /** Addresses at which no order costs real money: the exchange's test hosts, or the loopback if it has none. */
  readonly harmless: ReadonlyArray<string>
}
