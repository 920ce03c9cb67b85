import * as BigDecimal from "effect/BigDecimal"
import type { Instrument } from "../model.js"

/** @internal Returns the tick size of an instrument at a price. */
export const tickAt = (
  { tickSize, tickSizeSteps = [] }: Pick<Instrument, "tickSize" | "tickSizeSteps">,
  price: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  tickSizeSteps.findLast(({ fromPrice }) => BigDecimal.greaterThanOrEqualTo(price, fromPrice))?.tickSize ?? tickSize
