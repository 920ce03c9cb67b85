import * as HttpServer from "@effect/platform/HttpServer"
import { createServer, type Server } from "node:http"

/**
 * A server that does not wait for slow clients, refuses large headers, and always sends a response.
 *
 * @internal
 */
export const make = (): Server => {
  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: 5000,
    requestTimeout: 10_000,
    keepAliveTimeout: 15_000,
    connectionsCheckingInterval: 1000
  })
  server.maxConnections = 10_000
  // Streams send data every two seconds, so a connection without traffic for this long has no reader.
  server.timeout = 60_000
  // Between listening and serving, Node would pass a request to no handler, and the request would never be answered.
  server.on("request", (_, response) => {
    if (server.listenerCount("request") === 1) response.writeHead(503, { "retry-after": "1" }).end()
  })
  return server
}

/**
 * Returns the URL of an address, with brackets around an IPv6 address.
 *
 * @internal
 */
export const urlOf = (address: HttpServer.Address): string =>
  address._tag === "TcpAddress" && address.hostname.includes(":")
    ? `http://[${address.hostname}]:${address.port}`
    : HttpServer.formatAddress(address)
