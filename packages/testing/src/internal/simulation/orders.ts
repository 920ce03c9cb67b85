import { Decimal, ExchangeError, type Order, type Trading } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { TakenOrder, World } from "../../SimulationWorld.js"
import type { Verdict } from "./judge.js"

/**
 * The orders of a run. Each has its own client order id, and the results of the client's calls are recorded.
 *
 * @internal
 */
export interface Orders {
  readonly place: (order: number, symbol: string) => Effect.Effect<void>
  readonly cancel: (order: number) => Effect.Effect<void>
  /** Doubles the amount of the order. */
  readonly amend: (order: number) => Effect.Effect<void>
  /** Interrupts the calls about the order. */
  readonly abandon: (order: number) => Effect.Effect<void>
  readonly close: Effect.Effect<void>
  readonly nameOf: (order: number) => string | undefined
  /** Checks that each order was accepted once or not at all, as the client reports. */
  readonly judge: (taken: ReadonlyArray<TakenOrder>, isUntroubled: boolean) => Verdict
  /** Whether an order was placed, so that there may be something to reconcile. */
  readonly isAny: () => boolean
  /** Reconciles what the calls left open, and returns the check of the results. There must be no faults. */
  readonly reconcile: Effect.Effect<(taken: ReadonlyArray<TakenOrder>) => Verdict>
}

type Result = Exit.Exit<Order.Order, ExchangeError.TradingError> | undefined

interface Placed {
  readonly symbol: string
  readonly name: string
  placing: Result
  canceling: Result
  amending: Result
  readonly fibers: Array<Fiber.RuntimeFiber<unknown>>
}

/** @internal */
export const make = (seed: number, trading: Trading.Trading.Service, request: World<unknown>["order"]): Orders => {
  const placed = new Map<number, Placed>()

  const recordExit = <A, E>(self: Effect.Effect<A, E>, record: (exit: Exit.Exit<A, E>) => void) =>
    Effect.fork(Effect.flatMap(Effect.exit(self), (exit) => Effect.sync(() => record(exit))))

  const abandon = (order: number) => Effect.suspend(() => Fiber.interruptAll(placed.get(order)?.fibers ?? []))

  return {
    abandon,
    nameOf: (order) => placed.get(order)?.name,
    close: Effect.suspend(() => Effect.forEach([...placed.keys()], abandon, { discard: true })),
    place: (order, symbol) =>
      Effect.gen(function*() {
        if (request === undefined || placed.has(order)) return
        const name = `s${seed}o${order}`
        const one: Placed = { symbol, name, placing: undefined, canceling: undefined, amending: undefined, fibers: [] }
        placed.set(order, one)
        one.fibers.push(
          yield* recordExit(trading.place(request(symbol, name)), (exit) => {
            one.placing = exit
          })
        )
      }),
    cancel: (order) =>
      Effect.gen(function*() {
        const one = placed.get(order)
        if (one === undefined || one.canceling !== undefined) return
        one.fibers.push(
          yield* recordExit(trading.cancel({ symbol: one.symbol, clientOrderId: one.name }), (exit) => {
            one.canceling = exit
          })
        )
      }),
    amend: (order) =>
      Effect.gen(function*() {
        const one = placed.get(order)
        if (request === undefined || one === undefined || one.amending !== undefined) return
        const { amount } = request(one.symbol, one.name)
        const once = typeof amount === "string" ? Decimal.make(amount) : amount
        const change = { amount: BigDecimal.sum(once, once) }
        one.fibers.push(
          yield* recordExit(trading.amend({ symbol: one.symbol, clientOrderId: one.name }, change), (exit) => {
            one.amending = exit
          })
        )
      }),
    isAny: () => placed.size > 0,
    reconcile: Effect.map(Effect.either(trading.reconcile), (results) => (taken) => {
      const wrong = (detail: string): Verdict => ({ invariant: "orders", detail })
      if (Either.isLeft(results)) return wrong(`reconcile failed without any fault: ${results.left.message}`)
      for (const result of results.right) {
        const name = result.intent.clientOrderId
        if (result._tag === "Unknown") return wrong(`reconcile could not settle ${name}: ${result.error.message}`)
        const exists = taken.some(({ clientOrderId }) => clientOrderId === name)
        if (exists !== (result._tag === "Placed")) {
          return wrong(`${name} is reconciled as ${result._tag}, but ${exists ? "exists" : "does not exist"}`)
        }
      }
      return undefined
    }),
    judge: (taken, isUntroubled) => {
      for (const [number, { amending, canceling, name, placing }] of placed) {
        const accepted = taken.filter(({ clientOrderId }) => clientOrderId === name)
        const wrong = (detail: string): Verdict => ({
          invariant: "orders",
          detail: `order ${number} (${name}) ${detail}`
        })
        for (const result of [placing, canceling, amending]) {
          if (result !== undefined && Exit.isFailure(result) && Option.isSome(Cause.dieOption(result.cause))) {
            return { invariant: "defect", detail: `order ${number}: ${Cause.pretty(result.cause)}` }
          }
        }
        if (accepted.length > 1) return wrong(`was placed ${accepted.length} times`)
        if (placing !== undefined && Exit.isSuccess(placing) && accepted.length === 0) {
          return wrong("is reported as placed, but does not exist")
        }
        if (amending !== undefined && Exit.isSuccess(amending) && accepted.length === 0) {
          return wrong("is reported as amended, but does not exist")
        }
        const failure = placing === undefined ? Option.none() : failureOf(placing)
        if (Option.isSome(failure) && ExchangeError.isNotPlaced(failure.value) && accepted.length > 0) {
          return wrong(`is reported as not placed (${failure.value._tag}), but exists`)
        }
        if (Option.isSome(failure) && isUntroubled) {
          return wrong(`failed without any fault: ${failure.value.message}`)
        }
        if (canceling !== undefined && Exit.isSuccess(canceling) && accepted.some(({ isOpen }) => isOpen)) {
          return wrong("is reported as canceled, but is still open")
        }
      }
      return undefined
    }
  }
}

const failureOf = (exit: NonNullable<Result>): Option.Option<ExchangeError.TradingError> =>
  Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : Option.none()
