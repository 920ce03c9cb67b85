import { assert } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { Contract, ContractCase } from "../../src/index.js"

/**
 * The violations of an implementation in the order of the cases: of all cases, or of those with one of the prefixes.
 */
export const violations = <R, E>(options: Contract.Options<R, E>, prefixes: ReadonlyArray<string> = [""]) =>
  Effect.gen(function*() {
    const found: Array<ContractCase.ContractViolation> = []
    for (const test of Contract.suite(options)) {
      if (!prefixes.some((prefix) => test.id.startsWith(prefix)) || Option.isSome(yield* test.skip)) continue
      const outcome = yield* Effect.either(test.run)
      if (Either.isRight(outcome)) continue
      assert(outcome.left instanceof ContractCase.ContractViolation)
      found.push(outcome.left)
    }
    return found
  })
