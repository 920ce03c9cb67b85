import { Decimal, type Order } from "../../src/index.js"
import { bitcoin } from "./exchange.js"

/** An open order with the given changes. */
export const openOrder = (change: Partial<Order.Order> = {}): Order.Order => ({
  exchange: "acme",
  symbol: bitcoin.symbol,
  id: "1",
  clientOrderId: "mine",
  side: "buy",
  type: "limit",
  status: "open",
  price: Decimal.make("100"),
  amount: Decimal.make("3"),
  filled: Decimal.make("0"),
  createdAt: 1000,
  updatedAt: 1000,
  ...change
})
