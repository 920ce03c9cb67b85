/**
 * The errors of the simulator: invalid use, and the connection failures that it causes on purpose.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A fault made the connection fail. `code` is the code that Node's `net` or `dns` would report.
 *
 * @since 0.1.0
 * @category errors
 */
export class SimulatedFault
  extends Schema.TaggedError<SimulatedFault>("@effect-exchange/simulator/SimulatorError/SimulatedFault")(
    "SimulatedFault",
    {
      exchange: Schema.String,
      code: Schema.Literal("ECONNREFUSED", "ECONNRESET", "ENOTFOUND")
    }
  )
{
  override get message(): string {
    return this.code === "ENOTFOUND"
      ? `No simulated exchange is reachable at ${this.exchange}; use the base URL of Simulator.environment.`
      : `The simulated connection to ${this.exchange} failed with ${this.code}; retry, or change the Faults.`
  }
}

/**
 * The price cannot be set.
 *
 * @since 0.1.0
 * @category errors
 */
export class PriceRejected
  extends Schema.TaggedError<PriceRejected>("@effect-exchange/simulator/SimulatorError/PriceRejected")(
    "PriceRejected",
    {
      exchange: Schema.String,
      market: Schema.String,
      last: Schema.String,
      reason: Schema.Literal("UnknownMarket", "NotPositive", "OffTick")
    }
  )
{
  override get message(): string {
    const advice = {
      UnknownMarket: "use a market that the exchange lists",
      NotPositive: "use a plain decimal above zero",
      OffTick: "use a multiple of the market's tick size"
    }
    return `The price ${this.last} of ${this.market} on ${this.exchange} was not set: ${advice[this.reason]}.`
  }
}

/**
 * The order cannot be filled through the simulator.
 *
 * @since 0.1.0
 * @category errors
 */
export class FillRejected
  extends Schema.TaggedError<FillRejected>("@effect-exchange/simulator/SimulatorError/FillRejected")("FillRejected", {
    exchange: Schema.String,
    orderId: Schema.String,
    reason: Schema.Literal("NotFound", "NotOpen", "OffLot", "TooMuch")
  })
{
  override get message(): string {
    const advice = {
      NotFound: "use an order id that the exchange returned",
      NotOpen: "it is no longer open",
      OffLot: "use a plain decimal above zero that is a multiple of the market's lot size",
      TooMuch: "use at most the open amount"
    }
    return `The order ${this.orderId} on ${this.exchange} was not filled: ${advice[this.reason]}.`
  }
}

/**
 * The layer does not simulate the requested exchange.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeNotSimulated
  extends Schema.TaggedError<ExchangeNotSimulated>("@effect-exchange/simulator/SimulatorError/ExchangeNotSimulated")(
    "ExchangeNotSimulated",
    { exchange: Schema.String }
  )
{
  override get message(): string {
    return `${this.exchange} is not simulated here; add it to the exchanges passed to the layer.`
  }
}
