import { isLoopback } from "@effect-exchange/core/ports/Environment"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"

/**
 * Returns the address without trailing slashes. Accepts https, and http only on loopback addresses and `localHosts`.
 * Refuses a user name, a password, a query or a fragment. Errors do not repeat the address, because it may contain a
 * password.
 *
 * @internal
 */
export const base = (
  name: string,
  address: string,
  localHosts: ReadonlySet<string> = new Set()
): Either.Either<string, ConfigError.ConfigError> => {
  const invalid = (detail: string) => Either.left(ConfigError.InvalidData([name], detail))
  if (!URL.canParse(address)) return invalid("expected an absolute URL such as https://host:8200")
  const url = new URL(address)
  if (url.username !== "" || url.password !== "") return invalid("expected a URL without a user name or password")
  if (url.search !== "" || url.hash !== "") return invalid("expected a URL without a query or fragment")
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !localHosts.has(url.hostname)) {
    return invalid("expected https; plain http is accepted only for loopback addresses")
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return invalid("expected an https URL")
  return Either.right(url.origin + url.pathname.replace(/\/+$/, ""))
}

/**
 * Encodes each segment of a path in a manager's API. Fails on empty segments, `.`, `..` and control characters.
 *
 * @internal
 */
export const path = (name: string, text: string): Either.Either<string, ConfigError.ConfigError> => {
  const parts = text.split("/")
  return parts.every((part) => part !== "" && part !== "." && part !== ".." && !/\p{Cc}/u.test(part))
    ? Either.right(parts.map(encodeURIComponent).join("/"))
    : Either.left(ConfigError.InvalidData([name], "expected names between single slashes, such as team/exchanges"))
}

/**
 * Returns `true` if the text is valid as the value of a header.
 *
 * @internal
 */
export const isHeader = (text: string): boolean => /^[\x21-\x7e]+$/.test(text)

/**
 * Validates a secret that goes into a header or a signature. Errors do not repeat the secret.
 *
 * @internal
 */
export const token = (
  name: string,
  secret: Redacted.Redacted<string>
): Either.Either<Redacted.Redacted<string>, ConfigError.ConfigError> =>
  isHeader(Redacted.value(secret))
    ? Either.right(secret)
    : Either.left(
      ConfigError.InvalidData([name], "expected printable ASCII without spaces; the value is not shown")
    )

/**
 * Reads a secret from configuration and trims it, because files end with a line break.
 *
 * @internal
 */
export const secret = (name: string): Config.Config<Redacted.Redacted<string>> =>
  Config.redacted(Config.map(Config.string(name), (text) => text.trim()))
