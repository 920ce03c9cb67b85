import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { BlockList, isIP, isIPv6 } from "node:net"
import { isLoopback } from "../../ports/Environment.js"

/**
 * An HTTP proxy that tunnels connections by CONNECT.
 *
 * @internal
 */
export interface Proxy {
  readonly isSecure: boolean
  readonly hostname: string
  readonly port: number
  /** The value of the `Proxy-Authorization` header. */
  readonly authorization: Redacted.Redacted | undefined
}

/** @internal */
export interface Target {
  readonly protocol: string
  /** An IPv6 address may have brackets or not. */
  readonly hostname: string
  /** Empty for the default port of the scheme. */
  readonly port: string
}

/**
 * Returns the proxy for a target, if any.
 *
 * @internal
 */
export type Proxies = (target: Target) => Proxy | undefined

/** @internal */
export const portOf = ({ port, protocol }: Target): number =>
  port === "" ? protocol === "https:" || protocol === "wss:" ? 443 : 80 : Number(port)

/** @internal */
export const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1")

/**
 * Makes the proxies of the `proxy` option.
 *
 * @internal
 */
export const make = (
  proxy: "environment" | Redacted.Redacted | undefined
): Effect.Effect<Proxies, ConfigError.ConfigError> => {
  if (proxy === undefined) return Effect.succeed(() => undefined)
  if (proxy === "environment") return environment
  return Either.match(parse(proxy), {
    onLeft: (expected) => Effect.fail(ConfigError.InvalidData(["proxy"], expected)),
    onRight: (parsed) => Effect.succeed((target) => isNear(target.hostname) ? undefined : parsed)
  })
}

const invalid =
  "expected http://host:port or https://host:port, with user:password@ before the host if the proxy requires them; "
  + "the value is not shown"

/** Parses a proxy as curl does: without a scheme, the proxy uses plain HTTP. */
const parse = (text: Redacted.Redacted): Either.Either<Proxy, string> => {
  const value = Redacted.value(text).trim()
  const href = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`
  if (!URL.canParse(href)) return Either.left(invalid)
  const { hostname, password, port, protocol, username } = new URL(href)
  if (!["http:", "https:"].includes(protocol)) return Either.left(invalid)
  const user = Either.try(() => `${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return Either.mapBoth(user, {
    onLeft: () => invalid,
    onRight: (user) => ({
      isSecure: protocol === "https:",
      hostname: withoutBrackets(hostname),
      port: portOf({ hostname, port, protocol }),
      authorization: user === ":" ? undefined : Redacted.make(`Basic ${Buffer.from(user).toString("base64")}`)
    })
  })
}

// The lower case name takes precedence, as in curl. An empty value counts as missing.
const named = (name: string): Config.Config<Option.Option<Redacted.Redacted>> =>
  Config.zipWith(optional(name.toLowerCase()), optional(name), (lower, upper) => Option.orElse(lower, () => upper))

const optional = (name: string): Config.Config<Option.Option<Redacted.Redacted>> =>
  Config.map(
    Config.option(Config.redacted(name)),
    Option.filter((text) => Redacted.value(text).trim() !== "")
  )

const proxyIn = (name: string): Config.Config<Proxy | undefined> =>
  Config.mapOrFail(named(name), (text) =>
    Option.match(text, {
      onNone: () => Either.right(undefined),
      onSome: (text) => Either.mapLeft(parse(text), (expected) => ConfigError.InvalidData([name], expected))
    }))

const environment: Config.Config<Proxies> = Config.all({
  secure: proxyIn("HTTPS_PROXY"),
  plain: proxyIn("HTTP_PROXY"),
  direct: Config.map(
    named("NO_PROXY"),
    (list) => direct(Option.match(list, { onNone: () => "", onSome: Redacted.value }))
  )
}).pipe(
  Config.map(({ direct, plain, secure }) => (target) => {
    if (isNear(target.hostname) || direct(target)) return undefined
    return target.protocol === "https:" || target.protocol === "wss:" ? secure : plain
  })
)

/**
 * Returns `true` for an address that only this machine can reach. A proxy's loopback is another machine's, and clouds
 * serve credentials at link-local addresses.
 */
const isNear = (hostname: string): boolean => {
  const host = withoutBrackets(hostname)
  if (isIP(host) === 0) return isLoopback(host.toLowerCase().replace(/\.$/, ""))
  return near.check(host, isIPv6(host) ? "ipv6" : "ipv4")
}

const near = new BlockList()
near.addSubnet("127.0.0.0", 8)
near.addAddress("::1", "ipv6")
near.addSubnet("169.254.0.0", 16)
near.addSubnet("fe80::", 10, "ipv6")
// The network of AWS's metadata service: not link-local, but with the same purpose.
near.addSubnet("fd00:ec2::", 32, "ipv6")

/**
 * Parses a list such as `NO_PROXY` of the targets that are reached without a proxy: domains with their subdomains,
 * addresses, networks such as `10.0.0.0/8`, or `*`. Domains and addresses may have a port.
 *
 * @internal
 */
export const direct = (list: string): (target: Target) => boolean => {
  const entries = list.toLowerCase().split(/[\s,]+/).filter((entry) => entry !== "").map(matching)
  return (target) => {
    const host = withoutBrackets(target.hostname).toLowerCase().replace(/\.$/, "")
    const port = portOf(target)
    return entries.some((matches) => matches(host, port))
  }
}

type Matching = (host: string, port: number) => boolean

const matching = (entry: string): Matching => {
  if (entry === "*") return () => true
  const [, network = "", length = ""] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? []
  if (network !== "") return within(withoutBrackets(network), Number(length))
  const [, before, only] = /^([^:]+|\[.*\]):(\d+)$/.exec(entry) ?? []
  const name = withoutBrackets(before ?? entry).replace(/^\*?\./, "").replace(/\.$/, "")
  return (host, port) =>
    (only === undefined || Number(only) === port) &&
    (isIP(name) === 0 ? host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)) : within(name)(host, port))
}

const within = (network: string, length?: number): Matching => {
  const isSix = isIPv6(network)
  // An invalid network contains no address.
  if (isIP(network) === 0 || (length ?? 0) > (isSix ? 128 : 32)) return () => false
  const addresses = new BlockList()
  addresses.addSubnet(network, length ?? (isSix ? 128 : 32), isSix ? "ipv6" : "ipv4")
  return (host) => isIP(host) !== 0 && addresses.check(host, isIPv6(host) ? "ipv6" : "ipv4")
}
