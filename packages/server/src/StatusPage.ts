/**
 * The page at `/`: live prices with charts, price differences between exchanges, and the health of each exchange, all
 * from `/v1/stream`. It is a single document and loads nothing from other hosts.
 *
 * If the service requires a token, the page asks for it and keeps it only while it is open.
 *
 * @since 0.1.0
 */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import type * as Layer from "effect/Layer"
import { script } from "./internal/statusScript.js"
import { style } from "./internal/statusStyle.js"

/**
 * The HTML document.
 *
 * @since 0.1.0
 * @category constants
 */
export const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Prices of crypto exchanges</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
<h1>Prices of crypto exchanges</h1>
<span id="overall" role="status" aria-live="polite">Waiting for the exchanges.</span>
<span id="link" class="soft">connecting</span>
</header>
<form id="door" hidden>
<label for="token">Token</label>
<input id="token" type="password" autocomplete="off" required>
<button>Show</button>
</form>
<main id="exchanges">
<section class="wide"><h2>Price differences between exchanges</h2><div id="spreads"></div></section>
</main>
<section class="wide"><h2>Recent changes</h2><ol id="events"></ol></section>
<script>${script}</script>
</body>
</html>
`

const hashOf = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (digest) => `'sha256-${Encoding.encodeBase64(new Uint8Array(digest))}'`
  )

/**
 * The content security policy of the page: it may use its own style and script, and connect to this service.
 *
 * @since 0.1.0
 * @category headers
 */
export const policy: Effect.Effect<string> = Effect.map(
  Effect.all([hashOf(style), hashOf(script)]),
  ([style, script]) =>
    `default-src 'none'; style-src ${style}; script-src ${script}; connect-src 'self'; img-src data:; `
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

/**
 * Adds the page to the service.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never> = HttpApiBuilder.Router.use((router) =>
  Effect.flatMap(policy, (policy) =>
    router.get(
      "/",
      Effect.succeed(
        HttpServerResponse.text(html, {
          contentType: "text/html; charset=utf-8",
          headers: { "content-security-policy": policy, "cache-control": "no-cache" }
        })
      )
    ))
)
