import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { BlockList, isIP, isIPv6 } from "node:net"
import { isLoopback } from "../../ports/Environment.js"

/**
 * An HTTP proxy that tunnels.
 *
 * @internal
 */
export interface Proxy {
  readonly isSecure: boolean
  readonly hostname: string
  readonly port: number
  /** The value of `Proxy-Authorization`. */
  readonly authorization: Redacted.Redacted | undefined
}

/** @internal */
export interface Target {
  readonly protocol: string
  /** An IPv6 address stands with or without its brackets. */
  readonly hostname: string
  /** Empty where it is the scheme's own. */
  readonly port: string
}

/**
 * The proxy on the way somewhere, if there is one.
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
 * The proxies of an option.
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
  "expected http://host:port or https://host:port, with user:password@ before the host if it asks for them; "
  + "the value is not shown"

/** As curl reads it: without a scheme it is spoken to in plain HTTP. */
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

// In lower case first, as curl does. What is empty is not there.
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

/** What only this machine can reach: a proxy's own loopback is another, and clouds keep credentials at such addresses. */
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
// AWS's, which is no link-local address but means the same.
near.addSubnet("fd00:ec2::", 32, "ipv6")

/**
 * Who is reached without a proxy by a list such as `NO_PROXY`: names and all below them, addresses, networks as
 * `10.0.0.0/8`, each with a port or without, or `*`.
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
  // What is no network has nobody in it.
  if (isIP(network) === 0 || (length ?? 0) > (isSix ? 128 : 32)) return () => false
  const addresses = new BlockList()
  addresses.addSubnet(network, length ?? (isSix ? 128 : 32), isSix ? "ipv6" : "ipv4")
  return (host) => isIP(host) !== 0 && addresses.check(host, isIPv6(host) ? "ipv6" : "ipv4")
}
