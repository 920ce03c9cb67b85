/**
 * All exchanges of the running command, with their simulators.
 *
 * @since 0.1.0
 */
import * as Exchanges from "@effect-exchange/exchanges/Exchanges"
import type { Dialect } from "@effect-exchange/simulator/Dialect"
import * as Dialects from "@effect-exchange/simulator/Dialects"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import { type Other, Others } from "./Others.js"

/**
 * All exchanges by their ids, and their dialects.
 *
 * @since 0.1.0
 * @category models
 */
export interface Registry extends Exchanges.Registry<string> {
  /** Returns the dialect of an exchange. Throws a `RangeError` for an id that the command does not have. */
  readonly dialect: (id: string) => Dialect
}

/**
 * Creates the registry of a command that has these exchanges besides its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (others: ReadonlyArray<Other>): Registry => {
  const dialects = new Map<string, Dialect>([
    ...Struct.entries(Dialects.dialects),
    ...others.map(({ dialect }) => [dialect.id, dialect] as const)
  ])
  return {
    ...Exchanges.make(Object.fromEntries(others.map(({ dialect, exchange }) => [dialect.id, exchange]))),
    dialect: (id) => {
      const found = dialects.get(id)
      if (found === undefined) throw new RangeError(`Registry: there is no exchange ${JSON.stringify(id)}`)
      return found
    }
  }
}

/**
 * Returns the exchanges of the running command: its own and {@link Others}.
 *
 * @since 0.1.0
 * @category getters
 */
export const registry: Effect.Effect<Registry> = Effect.map(Others, make)
