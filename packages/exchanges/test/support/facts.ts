/**
 * What the tests of all exchanges have to know of one, from its documents and not from its client: `test/facts.ts` of its
 * package says it.
 */
export interface Facts {
  /** At most so many reads of one kind in so many milliseconds. */
  readonly reads: { readonly calls: number; readonly window: number }
  /** Addresses at which orders may cost real money: its own, and such as only look harmless. */
  readonly live: ReadonlyArray<string>
  /** Addresses at which none does: its test hosts, or the loopback where it has none. */
  readonly harmless: ReadonlyArray<string>
}
