import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { ClockSkew } from "../src/adapter.js"

const millis = (max: number) => FastCheck.integer({ min: 0, max })
const offset = FastCheck.integer({ min: -1_000_000, max: 1_000_000 })

/** A sample of an exchange whose clock is `offset` ahead and is read between sending and receiving. */
const sampleOf = (offset: number, resolution: number) =>
  FastCheck.record({ sentAt: millis(2_000_000_000), out: millis(5_000), back: millis(5_000) }).map((
    { back, out, sentAt }
  ): ClockSkew.Sample => ({
    sentAt,
    receivedAt: sentAt + out + back,
    serverTime: Math.floor((sentAt + out + offset) / resolution) * resolution,
    resolution
  }))

const anySample: FastCheck.Arbitrary<ClockSkew.Sample> = FastCheck.record({
  sentAt: millis(1_000_000),
  took: millis(10_000),
  serverTime: offset,
  resolution: FastCheck.constantFrom(1, 1000)
}).map(({ took, ...sample }) => ({ ...sample, receivedAt: sample.sentAt + took }))

const range = (sample: ClockSkew.Sample) => ({
  low: sample.serverTime - sample.receivedAt,
  high: sample.serverTime + sample.resolution - sample.sentAt
})

describe("ClockSkew", () => {
  it.prop("the estimate is consistent with the latest sample", [FastCheck.array(anySample, { minLength: 1 })], (
    [samples]
  ) => {
    let skew = ClockSkew.initial
    for (const sample of samples) {
      skew = ClockSkew.step(skew, sample)
      const { high, low } = range(sample)
      assert.isAtLeast(skew.offset, low - sample.resolution / 2)
      assert.isAtMost(skew.offset, high)
      assert.isTrue(Number.isInteger(skew.offset))
    }
  })

  it.prop(
    "keeps an estimate that lies within the range of a sample, and only then",
    [offset, anySample],
    ([offset, sample]) => {
      const { high, low } = range(sample)
      const skew = { offset }
      const next = ClockSkew.step(skew, sample)
      assert.strictEqual(next === skew, offset >= low - sample.resolution / 2 && offset <= high)
    }
  )

  it.prop(
    "accurate samples leave an error of at most half a round trip and half a resolution step",
    [offset.chain((offset) =>
      FastCheck.tuple(
        FastCheck.constant(offset),
        FastCheck.array(FastCheck.constantFrom(1, 1000).chain((step) => sampleOf(offset, step)), { minLength: 1 })
      )
    )],
    ([[offset, samples]]) => {
      let skew = ClockSkew.initial
      for (const sample of samples) {
        const { high, low } = range(sample)
        skew = ClockSkew.step(skew, sample)
        assert.isAtMost(Math.abs(skew.offset - offset), high - low + sample.resolution / 2)
      }
    }
  )

  it.prop(
    "an exact sample without latency leaves an error of at most a millisecond, and coarse samples do not change it",
    [offset.chain((offset) =>
      FastCheck.tuple(FastCheck.constant(offset), millis(1_000_000), FastCheck.array(sampleOf(offset, 1000)))
    )],
    ([[offset, at, coarse]]) => {
      const exact = { sentAt: at, receivedAt: at, serverTime: at + offset, resolution: 1 }
      const settled = ClockSkew.step({ offset: offset + 123_456 }, exact)
      assert.isAtMost(Math.abs(settled.offset - offset), 1)
      assert.deepStrictEqual(coarse.reduce(ClockSkew.step, { offset }), { offset })
    }
  )

  it("a server clock that rounds to seconds does not change a correct estimate", () => {
    for (let at = 0; at < 3000; at += 50) {
      for (const serverTime of [Math.floor(at / 1000) * 1000, Math.round(at / 1000) * 1000]) {
        const sample = { sentAt: at - 20, receivedAt: at + 20, serverTime, resolution: 1000 }
        assert.strictEqual(ClockSkew.step(ClockSkew.initial, sample), ClockSkew.initial)
      }
    }
  })

  it.prop(
    "no sample moves the estimate by more than a day",
    [FastCheck.array(FastCheck.double()), offset],
    ([times, offset]) => {
      const skew = [...times, Number.NaN, 253_402_300_799_000, -1].reduce(
        (skew, serverTime) => ClockSkew.step(skew, { sentAt: 0, receivedAt: 10, serverTime, resolution: 1 }),
        { offset }
      )
      assert.isAtMost(Math.abs(skew.offset), ClockSkew.limit)
    }
  )

  it("corrects by the offset", () => {
    assert.strictEqual(ClockSkew.correct(ClockSkew.initial, 1_000), 1_000)
    assert.strictEqual(ClockSkew.correct({ offset: -300 }, 1_000), 700)
  })
})
