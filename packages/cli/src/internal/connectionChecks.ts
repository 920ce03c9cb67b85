/**
 * Checks whether the exchanges answer, and compares their clocks with the local clock.
 *
 * @internal
 */
import type { ExchangeError } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { advice } from "../Advice.js"
import type * as Connections from "../Connections.js"
import * as Finding from "../Finding.js"
import * as Quotes from "../Quotes.js"

/** @internal */
export interface ProbeResult {
  readonly exchange: string
  readonly latencyMillis: number
  readonly skewMillis: number
  readonly result: Either.Either<number, ExchangeError.MarketDataError>
}

/** @internal Asks an exchange for its time. */
export const probe = ({ exchange, health, market }: Connections.Connection): Effect.Effect<ProbeResult> =>
  Effect.gen(function*() {
    const { latencyMillis, result } = yield* Quotes.measure(market.serverTime)
    const { clockSkewMillis } = yield* health
    return { exchange, latencyMillis, skewMillis: clockSkewMillis, result }
  })

// Exchanges refuse requests that are signed more than about a second ahead of their clocks.
const most = 1000

const slow = 3000

/** @internal */
export const findings = (probes: ReadonlyArray<ProbeResult>): ReadonlyArray<Finding.Finding> => {
  const answered = probes.filter(({ result }) => Either.isRight(result))
  return [...probes.map(connectionOf), ...answered.length === 0 ? [] : clocksOf(answered)]
}

const connectionOf = ({ exchange, latencyMillis, result }: ProbeResult): Finding.Finding => {
  if (Either.isLeft(result)) {
    const error = result.left
    if (error._tag === "ExchangeClosed") return Finding.warn(exchange, error.message, advice(error))
    return Finding.fail(exchange, `The exchange does not respond: ${error.message} (${error._tag})`, remedyOf(error))
  }
  return latencyMillis > slow
    ? Finding.warn(
      exchange,
      `The exchange takes ${latencyMillis} ms to respond.`,
      "Check the network, or run closer to the exchange."
    )
    : Finding.pass(exchange, `The exchange responds in ${latencyMillis} ms.`)
}

const remedyOf = (error: ExchangeError.MarketDataError): string =>
  error._tag === "TransportFailed"
    ? "Check that this machine can reach the exchange: DNS, a firewall, a proxy (HTTPS_PROXY and "
      + "NO_PROXY are respected), and the trusted certificates."
    : advice(error)

const clocksOf = (probes: ReadonlyArray<ProbeResult>): ReadonlyArray<Finding.Finding> => {
  const off = probes.filter(({ skewMillis }) => Math.abs(skewMillis) > most)
  if (off.length === 0) return [Finding.pass("clock", "This machine's clock agrees with the clocks of the exchanges.")]
  // If most clocks agree, the local clock is wrong.
  if (off.length * 2 > probes.length) {
    const skews = off.map(({ skewMillis }) => skewMillis).toSorted((one, other) => one - other)
    const skew = skews[Math.floor(skews.length / 2)] ?? 0
    return [Finding.fail(
      "clock",
      `This machine's clock is ${Math.round(Math.abs(skew) / 100) / 10} s ${skew > 0 ? "behind" : "ahead"}.`,
      "Keep it synchronized with NTP (timedatectl set-ntp true, or chrony); otherwise exchanges refuse signed requests."
    )]
  }
  return off.map(({ exchange, skewMillis }) =>
    Finding.warn(
      exchange,
      `The clock of the exchange is ${Math.round(Math.abs(skewMillis) / 100) / 10} s ${
        skewMillis > 0 ? "ahead of" : "behind"
      } this machine's, but `
        + "most other exchanges agree with this machine.",
      "No action is needed: requests to the exchange are signed with its time."
    )
  )
}
