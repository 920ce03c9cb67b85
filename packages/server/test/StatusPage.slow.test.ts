import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { existsSync } from "node:fs"
import { chromium, type Page } from "playwright-core"
import { address, service } from "./support/service.js"

const candidates = [
  process.env["CHROMIUM_PATH"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"
]
const executablePath = candidates.find((path) => path !== "" && existsSync(path))

/**
 * Opens the page in a browser, which closes before the service does. `problems` collects errors and foreign requests.
 */
const openPage = Effect.gen(function*() {
  const base = yield* address
  const browser = yield* Effect.acquireRelease(
    Effect.promise(() => chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] })),
    (browser) => Effect.promise(() => browser.close())
  )
  const problems: Array<string> = []
  const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 320, height: 800 } }))
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()))
  page.on("pageerror", (error) => problems.push(error.message))
  page.on(
    "request",
    (request) => !request.url().startsWith(base) && !request.url().startsWith("data:") && problems.push(request.url())
  )
  yield* Effect.promise(() => page.goto(`${base}/`))
  return { page, problems }
})

const waitForText = (page: Page, text: RegExp) =>
  Effect.promise(() => page.getByText(text).first().waitFor({ timeout: 30_000 }))

const get = (id: Simulator.ExchangeId) => Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))

describe.skipIf(executablePath === undefined)("The status page in a browser", () => {
  it.live(
    "shows price changes, a breaker that opens and closes, and a feed that reconnects",
    () =>
      Effect.gen(function*() {
        const okx = yield* get("okx")
        const kraken = yield* get("kraken")
        yield* okx.setPrice("BTC/USDT", "61000")
        yield* kraken.setPrice("BTC/USDT", "61500")
        const { page, problems } = yield* openPage
        yield* waitForText(page, /^61000(?:\.0+)? USDT$/)
        yield* waitForText(page, /BTC\/USDT: okx 61000(?:\.0+)? to kraken 61500/)
        yield* okx.setPrice("BTC/USDT", "62000")
        yield* waitForText(page, /^62000(?:\.0+)? USDT$/)
        yield* waitForText(page, /^(?:All exchanges are available\.|Available, with problems\.)$/)

        // Every request fails, and the failed requests for order books open the breaker.
        yield* okx.setFaults(Faults.outage)
        const base = yield* address
        const requestBook = Effect.promise((signal) =>
          fetch(`${base}/v1/books/okx/BTC/USDT`, { signal }).then((response) => response.text())
        )
        yield* Effect.repeatN(requestBook, 8)
        yield* waitForText(page, /^okx: the breaker of marketData changed from Closed to Open$/)
        yield* okx.setFaults(Faults.none)
        yield* Effect.fork(Effect.forever(Effect.zipRight(requestBook, Effect.sleep("300 millis"))))
        yield* waitForText(page, /^okx: the breaker of marketData changed from \w+ to Closed$/)

        yield* okx.disturb({ _tag: "Close", code: 1006 })
        yield* waitForText(page, /^okx BTC\/USDT: Reconnecting/)
        yield* waitForText(page, /^okx BTC\/USDT: Resynced$/)
        assert.isAtMost(
          yield* Effect.promise(() => page.evaluate("document.documentElement.scrollWidth")).pipe(Effect.map(Number)),
          320
        )
        assert.deepStrictEqual(problems, [])
      }).pipe(Effect.scoped, Effect.provide(service(["kraken", "okx"]))),
    120_000
  )

  it.live("asks for a token if the service requires one", () =>
    Effect.gen(function*() {
      const { page } = yield* openPage
      yield* Effect.promise(() => page.getByLabel("Token").fill("let-me-in"))
      yield* Effect.promise(() => page.getByRole("button", { name: "Show" }).click())
      yield* waitForText(page, /^live$/)
      yield* waitForText(page, / USDT$/)
      assert.notInclude(page.url(), "let-me-in")
    }).pipe(Effect.scoped, Effect.provide(service(["okx"], { tokens: [Redacted.make("let-me-in")] }))), 60_000)
})
