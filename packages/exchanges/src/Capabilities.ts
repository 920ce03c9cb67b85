/**
 * The features of all exchanges, as the table in the README.
 *
 * @since 0.1.0
 */
import type { Adapter } from "@effect-exchange/core/adapter"
import * as Exchanges from "./Exchanges.js"

/**
 * Returns a table in Markdown, with one row per exchange.
 *
 * @since 0.1.0
 * @category formatting
 */
export const table = (): string => {
  const rows = Exchanges.ids.map((id) => rowOf(Exchanges.features(id)))
  const header = rows[0]?.map(([name]) => name) ?? []
  return [header, header.map(() => "---"), ...rows.map((row) => row.map(([, value]) => value))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")
}

const rowOf = (features: Adapter.Features): ReadonlyArray<readonly [name: string, value: string]> => [
  ["exchange", features.name],
  ["markets", features.kinds.join(", ")],
  ["testnet", yes(features.testnet)],
  ["candles", features.candles.join(" ")],
  ["positions", yes(features.positions)],
  ["time in force", features.timeInForce.join(" ")],
  ["reduce-only", yes(features.reduceOnly)],
  ["amend", yes(features.amend)],
  ["batch", features.batch === 0 ? "–" : `up to ${features.batch}`],
  ["client order ids are deduplicated", features.deduplicates]
]

const yes = (has: boolean): string => has ? "yes" : "–"
