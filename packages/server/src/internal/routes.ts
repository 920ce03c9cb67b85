/**
 * The paths of the service, as what speaks of them calls them.
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

/** @internal The template of a path, or `other`. */
export const templateOf = (url: string): string => {
  const path = url.split(/[?#]/, 1).join("")
  return routes.find(({ pattern }) => pattern.test(path))?.template ?? "other"
}
