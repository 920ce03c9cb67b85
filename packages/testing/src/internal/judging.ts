import type { ExchangeError } from "@effect-exchange/core"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type About, ContractViolation, type Subject } from "../ContractCase.js"

/**
 * A violation that a case found, before the implementation and the case are named.
 *
 * @internal
 */
export class Broken extends Schema.TaggedError<Broken>("@effect-exchange/testing/internal/judging/Broken")("Broken", {
  detail: Schema.String
}) {}

/** @internal */
export const ensure = (condition: boolean, detail: () => string): Effect.Effect<void, Broken> =>
  condition ? Effect.void : Effect.suspend(() => new Broken({ detail: detail() }))

type Validate = (value: unknown) => Either.Either<unknown, ParseResult.ParseError>

// Cached: compiling a validator takes twenty times as long as using it, and candles come by the hundred.
const validators = new WeakMap<Schema.Schema.AnyNoContext, Validate>()

const validatorOf = (schema: Schema.Schema.AnyNoContext): Validate => {
  const validate = validators.get(schema) ?? Schema.validateEither(schema)
  validators.set(schema, validate)
  return validate
}

/** @internal */
export const fits = <A, I>(schema: Schema.Schema<A, I>, what: string, value: unknown): Effect.Effect<void, Broken> =>
  Either.match(validatorOf(schema)(value), {
    onLeft: (error) =>
      new Broken({
        detail: `${what} does not match its schema: ${
          ParseResult.ArrayFormatter.formatErrorSync(error)
            .map(({ message, path }) => `${path.map(String).join(".")}: ${message}`).join("; ")
        }`
      }),
    onRight: () => Effect.void
  })

/** @internal */
export const unique = (what: string, values: ReadonlyArray<string>): Effect.Effect<void, Broken> => {
  const twice = values.find((value, index) => values.indexOf(value) !== index)
  return ensure(twice === undefined, () => `${what} ${twice} is listed twice`)
}

/**
 * Creates the `run` of a case from its body. Every failure becomes a {@link ContractViolation} of the case.
 *
 * @internal
 */
export const runCase = <R>(
  about: About,
  body: (subject: Subject) => Effect.Effect<unknown, Broken | ExchangeError.ExchangeError, R>
) =>
(subject: Subject): Effect.Effect<void, ContractViolation, R> =>
  Effect.mapError(Effect.asVoid(body(subject)), (error) =>
    new ContractViolation({
      subject: subject.name,
      case: about.id,
      title: about.title,
      detail: error._tag === "Broken" ? error.detail : `the case failed with ${error._tag}: ${error.message}`
    }))

/**
 * Starts and interrupts the call twenty times, each time after one more yield.
 *
 * @internal
 */
export const interruptedOften = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<void> =>
  Effect.forEach(Arr.range(0, 19), (yields) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(call)
      yield* Effect.repeatN(Effect.yieldNow(), yields)
      yield* Fiber.interrupt(fiber)
    }), { discard: true })

/**
 * Describes that no call was answered, with the message of the first failure.
 *
 * @internal
 */
export const noAnswer = (answers: ReadonlyArray<Either.Either<unknown, ExchangeError.ExchangeError>>): string =>
  ["all calls failed", ...Arr.getLefts(answers).slice(0, 1).map(({ message }) => message)].join(": ")

/**
 * Checks that a call is refused with the expected error, exchange and operation.
 *
 * @internal
 */
export const refused = <A, E extends ExchangeError.ExchangeError, R>(
  call: Effect.Effect<A, E, R>,
  expected: {
    readonly tag: ExchangeError.ExchangeError["_tag"]
    readonly exchange: string
    readonly operation: string
    readonly input: string
    /**
     * Whether the exchange is the one to refuse, so that the operation in the error may have the name of another
     * operation.
     */
    readonly byExchange?: boolean | undefined
  }
): Effect.Effect<E, Broken, R> => {
  const asked = `${expected.operation}(${JSON.stringify(expected.input.slice(0, 60))})`
  return Effect.matchEffect(call, {
    onSuccess: () => new Broken({ detail: `${asked} succeeded, but must fail with ${expected.tag}` }),
    onFailure: (error) =>
      Effect.gen(function*() {
        yield* ensure(
          error._tag === expected.tag,
          () => `${asked} failed with ${error._tag} (${error.message}), but must fail with ${expected.tag}`
        )
        yield* ensure(
          error.exchange === expected.exchange &&
            (expected.byExchange === true || error.operation === expected.operation),
          () =>
            `the error of ${asked} names ${error.exchange}.${error.operation}, but must name ${expected.exchange}.${expected.operation}`
        )
        yield* ensure(
          error.message.length <= 1000 && !/\p{Cc}/u.test(error.message),
          () => `the error message of ${asked} is too long, or has control characters that could forge a log line`
        )
        return error
      })
  })
}
