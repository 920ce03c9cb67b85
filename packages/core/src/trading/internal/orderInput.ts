import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Decimal from "../../model/Decimal.js"
import { describe, quote } from "../../model/internal/quote.js"
import type { Amendment, Amount, Request } from "../../model/Order.js"

/**
 * Decodes an order from any value. A field of the wrong type is refused by name. So is an unknown field, because a
 * misspelled one would otherwise be silently ignored. The value is read once.
 *
 * @internal
 */
export const request = (input: unknown): Either.Either<Request, string> =>
  Either.gen(function*() {
    const fields = yield* read("the order", input, known.limit)
    const type = yield* literal(fields, "type", ["limit", "market"])
    yield* none(fields, `a ${type} order`, known[type])
    const common = {
      symbol: yield* text(fields, "symbol"),
      side: yield* literal(fields, "side", ["buy", "sell"]),
      amount: yield* amount(fields, "amount"),
      reduceOnly: yield* flag(fields, "reduceOnly"),
      clientOrderId: fields.get("clientOrderId") === undefined ? undefined : yield* text(fields, "clientOrderId"),
      round: yield* flag(fields, "round")
    }
    if (type === "market") return { ...common, type }
    return {
      ...common,
      type,
      price: yield* amount(fields, "price"),
      timeInForce: fields.get("timeInForce") === undefined
        ? undefined
        : yield* literal(fields, "timeInForce", ["GTC", "IOC", "FOK"]),
      postOnly: yield* flag(fields, "postOnly")
    }
  })

/**
 * Decodes an amendment from any value, as strictly as an order.
 *
 * @internal
 */
export const amendment = (input: unknown): Either.Either<Amendment, string> =>
  Either.gen(function*() {
    const fields = yield* read("the amendment", input, known.amendment)
    yield* none(fields, "an amendment", known.amendment)
    return {
      price: fields.get("price") === undefined ? undefined : yield* amount(fields, "price"),
      amount: fields.get("amount") === undefined ? undefined : yield* amount(fields, "amount"),
      round: yield* flag(fields, "round")
    }
  })

/**
 * Decodes a reference to an order from any value: by its id if it has one, and otherwise by its client order id. Other
 * fields are ignored, so that you can pass a whole order.
 *
 * @internal
 */
export const reference = (
  input: unknown
): Either.Either<
  { readonly symbol: string } & ({ readonly id: string } | { readonly id: undefined; readonly clientOrderId: string }),
  string
> =>
  Either.gen(function*() {
    const fields = yield* read("the reference", input, known.reference)
    const symbol = yield* text(fields, "symbol")
    const name = fields.get("id") === undefined ? "clientOrderId" : "id"
    if (fields.get(name) === undefined) {
      return yield* Either.left("the reference does not identify an order: it has neither an id nor a clientOrderId")
    }
    const given = yield* text(fields, name)
    if (!/^[\x21-\x7e]{1,128}$/.test(given)) {
      return yield* Either.left(`the order id ${quote(given)} is invalid: expected 1 to 128 printable characters`)
    }
    return name === "id" ? { symbol, id: given } : { symbol, id: undefined, clientOrderId: given }
  })

const common = ["type", "symbol", "side", "amount", "reduceOnly", "clientOrderId", "round"]

const known = {
  limit: [...common, "price", "timeInForce", "postOnly"],
  market: common,
  amendment: ["price", "amount", "round"],
  reference: ["symbol", "id", "clientOrderId"]
}

type Fields = ReadonlyMap<string, unknown>

// A field that is `undefined` counts as missing.
const read = (what: string, input: unknown, names: ReadonlyArray<string>): Either.Either<Fields, string> =>
  typeof input !== "object" || input === null
    ? Either.left(`${what}: expected an object, found ${describe(input)}`)
    : Either.try({
      try: () =>
        new Map(
          [...new Set([...names, ...Object.keys(input)])]
            .map((name): [string, unknown] => [name, Reflect.get(input, name)])
            .filter(([, value]) => value !== undefined)
        ),
      catch: () => `${what} cannot be read: one of its fields throws an error`
    })

const none = (fields: Fields, what: string, allowed: ReadonlyArray<string>): Either.Either<void, string> => {
  const others = [...fields.keys()].filter((name) => !allowed.includes(name))
  return others.length === 0 ? Either.void : Either.left(
    `${what} cannot have ${others.slice(0, 3).map(quote).join(", ")}; its fields are ${allowed.join(", ")}`
  )
}

const literal = <const A extends string>(
  fields: Fields,
  name: string,
  allowed: ReadonlyArray<A>
): Either.Either<A, string> => {
  const given = fields.get(name)
  return Either.fromNullable(
    allowed.find((each) => each === given),
    () => `the ${name}: expected ${allowed.map((each) => `"${each}"`).join(" or ")}, found ${describe(given)}`
  )
}

const text = (fields: Fields, name: string): Either.Either<string, string> => {
  const given = fields.get(name)
  return typeof given === "string"
    ? Either.right(given)
    : Either.left(`the ${name}: expected text, found ${describe(given)}`)
}

const flag = (fields: Fields, name: string): Either.Either<boolean | undefined, string> => {
  const given = fields.get(name)
  return given === undefined || typeof given === "boolean"
    ? Either.right(given)
    : Either.left(`the ${name}: expected true or false, found ${describe(given)}`)
}

const amount = (fields: Fields, name: string): Either.Either<Amount, string> => {
  const given = fields.get(name)
  if (typeof given === "string") return Either.right(given)
  return Either.flatMap(
    Either.try({
      // A copy, so that the value that is checked here is the one that is sent.
      try: () => BigDecimal.isBigDecimal(given) ? Decimal.of(given) : undefined,
      catch: () => `the ${name} cannot be read: one of its fields throws an error`
    }),
    (decimal) => {
      if (decimal === undefined || typeof decimal.value !== "bigint" || !Number.isInteger(decimal.scale)) {
        return Either.left(`the ${name}: expected text or BigDecimal, found ${describe(given)}`)
      }
      return Decimal.fits(decimal) && decimal.scale <= 40
        ? Either.right(decimal)
        : Either.left(`the ${name} has more than 40 digits on one side of the decimal point`)
    }
  )
}
