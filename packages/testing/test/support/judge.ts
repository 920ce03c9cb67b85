import { assert } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { Contract, ContractCase } from "../../src/index.js"

/** Whether `npm run test:slow` runs this, where every liar is judged by all cases and not by those alone that it breaks. */
export const byAll = process.env["TEST_WHOLE"] !== undefined

/** The violations of an implementation, in the order of the cases: of all of them, or of those whose id begins so. */
export const violations = <R, E>(options: Contract.Options<R, E>, prefixes: ReadonlyArray<string> = [""]) =>
  Effect.gen(function*() {
    const found: Array<ContractCase.ContractViolation> = []
    for (const test of Contract.suite(options)) {
      if (!prefixes.some((prefix) => test.id.startsWith(prefix)) || Option.isSome(yield* test.skip)) continue
      const judged = yield* Effect.either(test.run)
      if (Either.isRight(judged)) continue
      assert(judged.left instanceof ContractCase.ContractViolation)
      found.push(judged.left)
    }
    return found
  })
