/**
 * The exchanges that a command has besides its own. This module does not load the adapters.
 *
 * @since 0.1.0
 */
import * as ExchangeId from "@effect-exchange/exchanges/ExchangeId"
import type { Listed } from "@effect-exchange/exchanges/Exchanges"
import type { Dialect } from "@effect-exchange/simulator/Dialect"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"

/**
 * An exchange of a package outside this repository. Its id is that of its dialect.
 *
 * @since 0.1.0
 * @category models
 */
export interface Other {
  /** What `Exchange.define` returns. */
  readonly exchange: Listed
  /** The simulated exchange, which the command uses unless `--environment` says otherwise. */
  readonly dialect: Dialect
}

/**
 * The exchanges that the running command has besides its own. Defaults to none.
 *
 * @since 0.1.0
 * @category references
 */
export class Others extends Context.Reference<Others>()("@effect-exchange/cli/Others", {
  defaultValue: (): ReadonlyArray<Other> => []
}) {}

/**
 * Returns the ids of all exchanges of a command: its own, then the others.
 *
 * @since 0.1.0
 * @category getters
 */
export const ids = (others: ReadonlyArray<Other>): ReadonlyArray<string> =>
  Arr.dedupe([...ExchangeId.ids, ...others.map(({ dialect }) => dialect.id)])
