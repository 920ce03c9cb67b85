import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { existsSync } from "node:fs"
import { chromium, type Page } from "playwright-core"
import { address, service } from "./support/service.js"

const places = [
  process.env["CHROMIUM_PATH"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"
]
const executablePath = places.find((path) => path !== "" && existsSync(path))

/** The page in a browser, which goes before the service does, and everything that went wrong in it. */
const opened = Effect.gen(function*() {
  const base = yield* address
  const browser = yield* Effect.acquireRelease(
    Effect.promise(() => chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] })),
    (browser) => Effect.promise(() => browser.close())
  )
  const wrong: Array<string> = []
  const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 320, height: 800 } }))
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()))
  page.on("pageerror", (error) => wrong.push(error.message))
  page.on(
    "request",
    (request) => !request.url().startsWith(base) && !request.url().startsWith("data:") && wrong.push(request.url())
  )
  yield* Effect.promise(() => page.goto(`${base}/`))
  return { page, wrong }
})

const shows = (page: Page, text: RegExp) =>
  Effect.promise(() => page.getByText(text).first().waitFor({ timeout: 30_000 }))

const get = (id: Simulator.ExchangeId) => Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))

describe.skipIf(executablePath === undefined)("the status page in a browser", () => {
  it.live("shows prices that move, a breaker that opens, and that it closes again", () =>
    Effect.gen(function*() {
      const okx = yield* get("okx")
      const kraken = yield* get("kraken")
      yield* okx.setPrice("BTC/USDT", "61000")
      yield* kraken.setPrice("BTC/USDT", "61500")
      const { page, wrong } = yield* opened
      yield* shows(page, /^61000(?:\.0+)? USDT$/)
      yield* shows(page, /BTC\/USDT: okx 61000(?:\.0+)? to kraken 61500/)
      yield* okx.setPrice("BTC/USDT", "62000")
      yield* shows(page, /^62000(?:\.0+)? USDT$/)
      yield* shows(page, /^(?:All exchanges are available\.|Available, with problems\.)$/)

      // Every request fails: those for books open the breaker.
      yield* okx.setFaults(Faults.outage)
      const base = yield* address
      const asking = Effect.promise((signal) =>
        fetch(`${base}/v1/books/okx/BTC/USDT`, { signal }).then((answer) => answer.text())
      )
      yield* Effect.repeatN(asking, 8)
      yield* shows(page, /^okx: the breaker of marketData changed from Closed to Open$/)
      yield* okx.setFaults(Faults.none)
      yield* Effect.fork(Effect.forever(Effect.zipRight(asking, Effect.sleep("300 millis"))))
      yield* shows(page, /^okx: the breaker of marketData changed from \w+ to Closed$/)

      yield* okx.disturb({ _tag: "Close", code: 1006 })
      yield* shows(page, /^okx BTC\/USDT: Reconnecting/)
      yield* shows(page, /^okx BTC\/USDT: Resynced$/)
      assert.isAtMost(
        yield* Effect.promise(() => page.evaluate("document.documentElement.scrollWidth")).pipe(Effect.map(Number)),
        320
      )
      assert.deepStrictEqual(wrong, [])
    }).pipe(Effect.scoped, Effect.provide(service(["kraken", "okx"]))), 120_000)

  it.live("asks for a token where the service does", () =>
    Effect.gen(function*() {
      const { page } = yield* opened
      yield* Effect.promise(() => page.getByLabel("Token").fill("let-me-in"))
      yield* Effect.promise(() => page.getByRole("button", { name: "Show" }).click())
      yield* shows(page, /^live$/)
      yield* shows(page, / USDT$/)
      assert.notInclude(page.url(), "let-me-in")
    }).pipe(Effect.scoped, Effect.provide(service(["okx"], { tokens: [Redacted.make("let-me-in")] }))), 60_000)
})
