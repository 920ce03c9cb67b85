/**
 * The path templates of the service, as used in metrics and logs.
 *
 * @internal
 */
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

/**
 * Returns the path template of a URL, or `other` if no route matches.
 *
 * @internal
 */
export const templateOf = (url: string): string => {
  const path = url.split(/[?#]/, 1).join("")
  return routes.find(({ pattern }) => pattern.test(path))?.template ?? "other"
}
