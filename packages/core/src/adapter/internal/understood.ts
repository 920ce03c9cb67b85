import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Listing from "../../model/Listing.js"
import * as Telemetry from "../../ports/Telemetry.js"

/**
 * Returns the decoded rows. Rows that could not be decoded are counted and logged, so that no row hides another and
 * none is dropped silently. The log contains the names of fields but no text of the exchange, which may repeat what was
 * sent.
 *
 * @internal
 */
export const understood = <A, E>(
  exchange: string,
  operation: string,
  read: Effect.Effect<Listing.Rows<A>, E>
): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.flatMap(read, (rows) => {
    const { rows: known, unknown } = Listing.from(rows)
    const [first] = unknown
    return first === undefined ? Effect.succeed(known) : Effect.as(
      Effect.zipRight(
        Metric.incrementBy(
          Telemetry.unknownRows.pipe(Metric.tagged("exchange", exchange), Metric.tagged("operation", operation)),
          unknown.length
        ),
        Effect.logWarning("Rows of a response could not be decoded and were left out", {
          exchange,
          operation,
          rows: unknown.length,
          because: first.detail
        })
      ),
      known
    )
  })
