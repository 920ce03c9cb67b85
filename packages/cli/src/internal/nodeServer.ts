import { createServer, type Server } from "node:http"

/**
 * A server that waits for no slow client, takes no large header, and leaves nobody without an answer.
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
  // A stream says something every two seconds: a connection on which nothing moves for so long has no reader.
  server.timeout = 60_000
  // Between listening and serving Node would hand a request to nobody, and it would wait for ever.
  server.on("request", (_, response) => {
    if (server.listenerCount("request") === 1) response.writeHead(503, { "retry-after": "1" }).end()
  })
  return server
}
