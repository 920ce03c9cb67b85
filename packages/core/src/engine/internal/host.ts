import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import * as ExchangeError from "../../model/ExchangeError.js"
import * as Environment from "../../ports/Environment.js"
import type { Host, Protocol } from "../Protocol.js"

/**
 * Returns the host of an environment.
 *
 * @internal
 */
export const resolveHost = (
  protocol: Protocol,
  environment: Environment.Environment<string>
): Either.Either<Host, ConfigError.ConfigError> => {
  if (environment === "live" || environment === "testnet") return Either.right(protocol[environment])
  if (typeof environment === "string") {
    const { regions = {} } = protocol
    const region = Object.hasOwn(regions, environment) ? regions[environment] : undefined
    return region === undefined
      ? Either.left(ConfigError.InvalidData(
        ["environment"],
        `expected one of ${
          ["live", ...protocol.testnet._tag === "None" ? [] : ["testnet"], ...Object.keys(regions)].join(", ")
        }, or an object with a name and a baseUrl`
      ))
      : Either.right({ _tag: "Open", baseUrl: region.baseUrl, headers: region.headers })
  }
  return Either.map(Environment.origin(environment.baseUrl), (baseUrl) => ({ _tag: "Open", baseUrl }))
}

/**
 * Makes the error for an environment that is closed or that the exchange does not have.
 *
 * @internal
 */
export const nowhere = (
  about: { readonly exchange: string; readonly operation: string },
  environment: string,
  host: Exclude<Host, { readonly _tag: "Open" }>
): ExchangeError.ExchangeClosed | ExchangeError.Unsupported =>
  host._tag === "Closed"
    ? new ExchangeError.ExchangeClosed({ ...about, since: host.since, detail: host.detail })
    : new ExchangeError.Unsupported({
      ...about,
      detail: `${about.exchange} has no ${environment}`,
      alternative: host.alternative
    })
