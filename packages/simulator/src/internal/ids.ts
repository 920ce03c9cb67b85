/**
 * Conversions between the numbers of the engine and the ids of an exchange.
 *
 * @internal
 */
import * as Account from "../engine/Account.js"
import type * as Engine from "../engine/Engine.js"

/** @internal Writes numbers as ids, and reads ids as numbers. */
export interface Ids {
  readonly write: (number: number) => string
  /** Returns `undefined` for an id that `write` does not produce. */
  readonly read: (id: string) => number | undefined
}

/** @internal Returns ids that are UUIDs. The last twelve digits are the number; the others are derived from a name. */
export const uuids = (name: string): Ids => {
  const start = uuid(name).slice(0, -12)
  return {
    write: (number) => `${start}${number.toString(16).padStart(12, "0")}`,
    read: (id) => {
      const number = id.toLowerCase().startsWith(start) ? id.slice(start.length) : ""
      return /^[0-9a-f]{12}$/i.test(number) ? Number.parseInt(number, 16) : undefined
    }
  }
}

/** @internal Derives a UUID from a name, in the format of version 4. */
export const uuid = (name: string): string =>
  Buffer.from(Account.deriveBytes(name, 16)).toString("hex")
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5")

/**
 * @internal Returns the number of one side of an execution, for ids that differ even if the account trades with itself.
 * The `id` of a fill is the same on both sides.
 */
export const sideNumber = ({ id, liquidity }: Pick<Engine.Fill, "id" | "liquidity">): number =>
  2 * id + (liquidity === "taker" ? 0 : 1)

/** @internal Returns ids that are integers: `first + number * step`. They may be too large for a double. */
export const numbers = (first: bigint, step = 1n): Ids => ({
  write: (number) => String(first + BigInt(number) * step),
  read: (id) => {
    const offset = /^\d{1,19}$/.test(id) ? BigInt(id) - first : 0n
    return offset > 0n && offset % step === 0n ? Number(offset / step) : undefined
  }
})
