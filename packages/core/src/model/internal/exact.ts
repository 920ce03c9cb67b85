import * as BigDecimal from "effect/BigDecimal"
import * as Inspectable from "effect/Inspectable"

/**
 * Formats a decimal in plain notation, never with an exponent.
 *
 * @internal
 */
export const format = ({ scale, value }: BigDecimal.BigDecimal): string => {
  if (scale <= 0) return `${value}${value === 0n ? "" : "0".repeat(-scale)}`
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(scale + 1, "0")
  return `${negative ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** @internal */
export const before = 40

/** @internal */
export const after = 60

const limit = 10n ** BigInt(before)

/** @internal */
export const fits = ({ scale, value }: BigDecimal.BigDecimal): boolean => {
  const size = value < 0n ? -value : value
  return scale <= after &&
    (scale > 0 ? size < limit * 10n ** BigInt(scale) : size < limit && size.toString().length - scale <= before)
}

// With a scale of minus a billion, plain notation would print a gigabyte.
const show = (decimal: BigDecimal.BigDecimal): string => fits(decimal) ? format(decimal) : BigDecimal.format(decimal)

const normalized = new WeakMap<BigDecimal.BigDecimal, BigDecimal.BigDecimal>()

/**
 * The prototype of decimals that print in plain notation; the rest is inherited from Effect's. `normalized`, which
 * Effect caches when it compares or hashes a decimal, is kept outside the object: as a field, it would make two
 * decimals with the same digits differ for `deepStrictEqual`.
 */
const prototype: object = Object.create(Object.getPrototypeOf(BigDecimal.make(0n, 0)), {
  toString: {
    value(this: BigDecimal.BigDecimal) {
      return show(this)
    }
  },
  toJSON: {
    value(this: BigDecimal.BigDecimal) {
      return show(this)
    }
  },
  [Inspectable.NodeInspectSymbol]: {
    value(this: BigDecimal.BigDecimal) {
      return show(this)
    }
  },
  normalized: {
    get(this: BigDecimal.BigDecimal) {
      return normalized.get(this)
    },
    set(this: BigDecimal.BigDecimal, to: BigDecimal.BigDecimal) {
      normalized.set(this, to)
    }
  }
})

// A class, because the engine then knows how many fields an instance has. Objects created with `Object.create` would
// take twice the memory.
class Exact {
  readonly value: bigint
  readonly scale: number
  constructor(value: bigint, scale: number) {
    this.value = value
    this.scale = scale
  }
}

Object.setPrototypeOf(Exact.prototype, prototype)

/** @internal */
export const of = (value: bigint, scale: number): BigDecimal.BigDecimal => {
  const decimal = new Exact(value, scale)
  return BigDecimal.isBigDecimal(decimal) ? decimal : BigDecimal.make(value, scale)
}

/**
 * Returns a decimal that prints in plain notation: the same object if it does so already.
 *
 * @internal
 */
export const plain = <A extends BigDecimal.BigDecimal | undefined>(decimal: A): A | BigDecimal.BigDecimal =>
  decimal === undefined || decimal instanceof Exact ? decimal : of(decimal.value, decimal.scale)
