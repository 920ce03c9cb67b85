/**
 * The price service as a Layer: the API, the stream, the probes and the documentation, behind the admission control
 * of `Admission`.
 *
 * It serves on the provided `HttpServer` and uses the provided `Sources`. It exposes no account data and no orders.
 *
 * @since 0.1.0
 */
import type { Health } from "@effect-exchange/core"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import type * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Admission from "./Admission.js"
import * as Api from "./Api.js"
import * as Events from "./Events.js"
import * as Handlers from "./Handlers.js"
import { withEnvironments, withProblems } from "./internal/failures.js"
import { withErrorListener } from "./internal/upgrades.js"
import * as Lifecycle from "./Lifecycle.js"
import * as Probes from "./Probes.js"
import type { Sources } from "./Sources.js"
import * as StatusPage from "./StatusPage.js"

/**
 * The options of {@link layer}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Admission.Options {
  /**
   * The symbols that `/v1/stream` streams if a request names none, such as `BTC/USDT` or `BTC/USD:BTC`. Defaults to
   * `BTC/USDT`.
   */
  readonly symbols?: ReadonlyArray<string> | undefined
}

/**
 * Serves until the scope closes. Throws a `RangeError` for limits out of range. To shut down, run `Lifecycle.drain`
 * first, then close the scope.
 *
 * **Gotchas**
 *
 * The platform's server for Node.js listens for requests to upgrade a connection. Node.js exempts their connections
 * from all timeouts, and does not close them on shutdown. This service upgrades none, so remove the listener once the
 * Layer is built, as `exchange serve` does: `server.removeAllListeners("upgrade")`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<
  Lifecycle.Lifecycle,
  never,
  HttpServer.HttpServer | HttpRouter.HttpRouter.DefaultServices | Sources | Health.Health
> => {
  const admission = Admission.make(options)
  return HttpApiBuilder.serve((app) => withErrorListener(admission.around(app))).pipe(
    Layer.provide([
      HttpApiBuilder.middleware(
        Effect.map(withEnvironments, (withEnvironments) => (app) => withEnvironments(withProblems(app)))
      ),
      HttpApiBuilder.middlewareOpenApi(),
      HttpApiSwagger.layer({ path: "/docs" }),
      Probes.layer(options),
      StatusPage.layer,
      Events.layer(admission, options.symbols ?? ["BTC/USDT"])
    ]),
    Layer.provide(HttpApiBuilder.api(Api.Api)),
    Layer.provide(Handlers.layer),
    Layer.provideMerge(Lifecycle.layer)
  )
}
