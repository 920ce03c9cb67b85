import type * as Effect from "effect/Effect"

/**
 * The parts of `@effect/vitest` that the suites of feeds use. Pass `{ describe, expect, it }`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Runner {
  readonly describe: (name: string, cases: () => void) => unknown
  readonly it: { readonly effect: <A, E>(title: string, test: () => Effect.Effect<A, E>) => void }
  readonly expect: Expect
}

/**
 * `expect` of Vitest.
 *
 * @since 0.1.0
 * @category models
 */
export interface Expect {
  (actual: unknown): Expectation
}

/**
 * The part of an assertion of Vitest that the suites of feeds use.
 *
 * @since 0.1.0
 * @category models
 */
export interface Expectation {
  readonly toBe: (expected: unknown) => void
  readonly toEqual: (expected: unknown) => void
  readonly toBeDefined: () => void
  readonly toBeGreaterThan: (least: number) => void
  readonly toContain: (item: string) => void
  readonly toMatch: (pattern: RegExp) => void
  readonly not: Pick<Expectation, "toContain">
}

/**
 * A disturbance of the sockets of an exchange. Those that last end with `Calm`.
 *
 * - `Close`: the exchange closes all connections with a code. 1006 stands for a broken connection.
 * - `Refuse`: no connection is accepted.
 * - `HalfOpen`: connections open and never answer.
 * - `Silence`: the connections that are open now send nothing any more.
 * - `Mute`: the connections that are open now send no data, but answer.
 * - `Gap`, `Duplicate`, `Reorder`, `Checksum`, `Crossed`: the next data is lost, repeated, out of order, has a wrong
 *   checksum, or crosses the book.
 * - `Garbage`: the next message cannot be decoded.
 * - `Notice`: the exchange announces that it will close the connections.
 * - `Expire`: logins and tokens expire.
 *
 * @since 0.1.0
 * @category models
 */
export type Disturbance = { readonly _tag: "Close"; readonly code: number } | { readonly _tag: Lasting | Once }

type Lasting = "Refuse" | "HalfOpen" | "Silence" | "Mute" | "Calm"
type Once = "Gap" | "Duplicate" | "Reorder" | "Checksum" | "Crossed" | "Garbage" | "Notice" | "Expire"

/**
 * What the suites do to an exchange, as a `Simulator` does it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Control {
  readonly disturb: (disturbance: Disturbance) => Effect.Effect<void>
  /** The number of open sockets. */
  readonly connections: Effect.Effect<number>
}
