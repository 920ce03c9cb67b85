import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { RawAnswers } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const bodies = (answers: ReadonlyArray<RawAnswers.RawAnswer>) => answers.map(({ body }) => body)

describe("RawAnswers", () => {
  it.scoped("collects the whole response body, including fields that the endpoint does not decode", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.json({ value: 1, more: ["kept"] }))
      const [value, answers] = yield* RawAnswers.collect(client.request(Acme.value, {}))
      assert.deepStrictEqual(value, { value: 1 })
      assert.deepStrictEqual(answers, [
        { exchange: "acme", operation: "value", status: 200, body: { value: 1, more: ["kept"] } }
      ])
    }))

  it.scoped("collects the responses of failed attempts in order, and as text if they are not JSON", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup((_, index) =>
        index === 0
          ? new Response("<html>busy</html>", { status: 503 })
          : index === 1
          ? Wire.refuse("ExchangeUnavailable")
          : Wire.ok()
      )
      const fiber = yield* start(RawAnswers.collect(client.request(Acme.value, {})))
      yield* TestClock.adjust("20 seconds")
      const [, answers] = yield* Fiber.join(fiber)
      assert.deepStrictEqual(answers.map(({ status }) => status), [503, 400, 200])
      assert.strictEqual(answers[0]?.body, "<html>busy</html>")
    }))

  it.scoped("collects the responses of a failed call through its Either", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.refuse("InvalidRequest"))
      const [result, answers] = yield* RawAnswers.collect(Effect.either(client.request(Acme.value, {})))
      assert.strictEqual(result._tag, "Left")
      assert.deepStrictEqual(bodies(answers), [{ error: "InvalidRequest", message: "no" }])
    }))

  it.scoped("each collects the responses of its own calls, an outer one those of all calls within, and none those outside", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup((_, index) => Wire.json({ value: index }))
      const call = client.request(Acme.value, {})
      const [[[, first], [, second]], all] = yield* RawAnswers.collect(
        Effect.zip(RawAnswers.collect(call), RawAnswers.collect(call), { concurrent: true })
      )
      yield* call
      assert.strictEqual(first.length, 1)
      assert.strictEqual(second.length, 1)
      assert.sameDeepMembers(bodies(all), [...bodies(first), ...bodies(second)])
      assert.strictEqual(all.length, 2)
    }))
})
