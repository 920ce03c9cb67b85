/**
 * Which installation of an exchange a client talks to.
 *
 * @since 0.1.0
 */
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"

/**
 * The exchange itself, its testnet, one of its regions or demo hosts by name where it has any, or an address of one's own (a
 * simulator, a proxy), whose `name` is what logs and metrics call it.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment<Region extends string = never> = "live" | "testnet" | Region | Custom

/**
 * @since 0.1.0
 * @category models
 */
export interface Custom {
  readonly name: string
  /** An origin such as `https://host` or `http://127.0.0.1:8080`: plain http only to the loopback. */
  readonly baseUrl: string
}

/**
 * What logs and metrics call an environment.
 *
 * @since 0.1.0
 * @category getters
 */
export const name = (environment: Environment<string>): string =>
  typeof environment === "string" ? environment : environment.name

const invalid = (detail: string): Either.Either<never, ConfigError.ConfigError> =>
  Either.left(ConfigError.InvalidData(["environment", "baseUrl"], detail))

/**
 * The origin of a base URL, or why it is refused: a scheme other than https (or http to the loopback), a user name or
 * password, a path, a query or a fragment. The refused URL itself is not repeated: it may hold a password.
 *
 * @since 0.1.0
 * @category validation
 */
export const origin = (baseUrl: string): Either.Either<string, ConfigError.ConfigError> => {
  if (!URL.canParse(baseUrl)) return invalid("expected an absolute URL such as https://host")
  const url = new URL(baseUrl)
  if (url.username !== "" || url.password !== "") return invalid("expected a URL without user name or password")
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    return invalid("expected only scheme, host and port: paths belong to the exchange's protocol")
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) {
    return Either.right(url.origin)
  }
  return invalid(
    url.protocol === "http:"
      ? "expected https: plain http is accepted for the loopback only"
      : "expected an https URL"
  )
}

/**
 * Whether orders placed there may cost real money: on the live exchange, in its regions but for those that are said to be
 * for tests, and at every address that is neither the loopback nor one of the exchange's test hosts.
 *
 * **Gotchas**
 *
 * What an environment is called says nothing: `{ name: "sandbox", baseUrl: "https://api.binance.com" }` is live, and so
 * is a proxy of one's own, which may lead anywhere.
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
    // No request is sent there.
    onLeft: () => false,
    onRight: (origin) => {
      const { hostname } = new URL(origin)
      return !isLoopback(hostname) && !(protocol.testHosts ?? []).includes(hostname)
    }
  })
}

/**
 * Whether a host name can only mean this machine (RFC 6761 gives `localhost` and everything below it to the loopback).
 *
 * @since 0.1.0
 * @category validation
 */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
  /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
