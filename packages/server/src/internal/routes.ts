/**
 * The path templates of the service, as used in metrics and logs.
 *
 * @internal
 */
import * as Option from "effect/Option"

const templates = [
  "/",
  "/docs",
  "/livez",
  "/metrics",
  "/openapi.json",
  "/readyz",
  "/startupz",
  "/v1/books/{exchange}/{base}/{quote}",
  "/v1/candles/{exchange}/{base}/{quote}",
  "/v1/exchanges",
  "/v1/prices/{base}/{quote}",
  "/v1/stream",
  "/v1/tickers"
]

const routes = templates.map((template) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}$`)
}))

const decode = Option.liftThrowable(decodeURI)

/**
 * Reads the path of a URL as the router does. Otherwise a request could reach a route under another name, without the
 * limits of that route.
 */
const pathOf = (url: string): string => {
  // The router does not look at the first character.
  const [path = ""] = url.replace(/^https?:\/\/[^/]*/, "").replace(/^./, "/").replaceAll(/\/+/g, "/").split(/[?;#]/, 1)
  return Option.match(decode(path), {
    onNone: () => path,
    onSome: (decoded) => decoded.toLowerCase().replace(/(?<=.)\/$/, "")
  })
}

/**
 * Returns the path template of a URL, or `other` if no route matches.
 *
 * @internal
 */
export const templateOf = (url: string): string => {
  const path = pathOf(url)
  return routes.find(({ pattern }) => pattern.test(path))?.template ?? "other"
}
