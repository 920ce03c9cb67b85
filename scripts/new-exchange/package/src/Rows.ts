/**
 * The rows of Acme Exchange and the meaning of their words.
 *
 * @since 0.1.0
 */
import { Row, Wire } from "@effect-exchange/core/adapter"

const { at, decimal, positive, text, wordsOr } = Wire

/**
 * A market.
 *
 * @since 0.1.0
 * @category rows
 */
export const Market = Row.of({
  id: at("id", text),
  base: at("base", text),
  quote: at("quote", text),
  status: at("status", wordsOr({ open: "open", closed: "closed" }, "unknown")),
  tickSize: at("tick", positive(decimal)),
  lotSize: at("lot", positive(decimal)),
  minAmount: at("least", positive(decimal))
})
