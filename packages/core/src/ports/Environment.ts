/**
 * The environment of an exchange that a client connects to.
 *
 * @since 0.1.0
 */
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"

/**
 * An environment: the live exchange, its testnet, one of its regions or demo hosts by name, or a custom address such as
 * a simulator or a proxy. `Name` is what an exchange has besides `"live"`. Defaults to a testnet.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment<Name extends string = "testnet"> = "live" | Name | Custom

/**
 * A custom address. `name` appears in logs and metrics.
 *
 * @since 0.1.0
 * @category models
 */
export interface Custom {
  readonly name: string
  /**
   * An origin such as `https://host` or `http://127.0.0.1:8080`. Plain http is accepted only for loopback addresses.
   */
  readonly baseUrl: string
}

/**
 * Returns the name of an environment in logs and metrics.
 *
 * @since 0.1.0
 * @category getters
 */
export const name = (environment: Environment<string>): string =>
  typeof environment === "string" ? environment : environment.name

const invalid = (detail: string): Either.Either<never, ConfigError.ConfigError> =>
  Either.left(ConfigError.InvalidData(["environment", "baseUrl"], detail))

/**
 * Validates a base URL and returns its origin, or the reason why it is refused: a scheme other than https (or http to a
 * loopback address), a user name or password, a path, a query or a fragment. The error does not contain the refused
 * URL, which may hold a password.
 *
 * @since 0.1.0
 * @category validation
 */
export const origin = (baseUrl: string): Either.Either<string, ConfigError.ConfigError> => {
  if (!URL.canParse(baseUrl)) return invalid("expected an absolute URL such as https://host")
  const url = new URL(baseUrl)
  if (url.username !== "" || url.password !== "") return invalid("expected a URL without user name or password")
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    return invalid("expected only a scheme, host and port: the exchange's protocol adds the path")
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) {
    return Either.right(url.origin)
  }
  return invalid(
    url.protocol === "http:"
      ? "expected https: plain http is accepted only for loopback addresses"
      : "expected an https URL"
  )
}

/**
 * Returns `true` if orders placed in an environment may cost real money: on the live exchange, in its regions unless
 * they are declared as test regions, and at every address that is neither a loopback address nor one of the exchange's
 * test hosts.
 *
 * **Gotchas**
 *
 * The name of an environment is irrelevant: `{ name: "sandbox", baseUrl: "https://api.binance.com" }` is live. A custom
 * proxy is live too, because it may forward requests anywhere.
 *
 * @since 0.1.0
 * @category validation
 */
export const isLive = (
  protocol: {
    readonly testHosts?: ReadonlyArray<string> | undefined
    readonly regions?: { readonly [name: string]: { readonly isTest?: boolean | undefined } } | undefined
  },
  environment: Environment<string>
): boolean => {
  if (typeof environment === "string") {
    return environment !== "testnet" && protocol.regions?.[environment]?.isTest !== true
  }
  return Either.match(origin(environment.baseUrl), {
    // No request is sent to an invalid address.
    onLeft: () => false,
    onRight: (origin) => {
      const { hostname } = new URL(origin)
      return !isLoopback(hostname) && !(protocol.testHosts ?? []).includes(hostname)
    }
  })
}

/**
 * Returns `true` if a host name can only mean this machine (RFC 6761 reserves `localhost` and its subdomains for the
 * loopback).
 *
 * @since 0.1.0
 * @category validation
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
