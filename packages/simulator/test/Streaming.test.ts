import { assert, describe, it } from "@effect/vitest"
import { type Dialect, Engine } from "../src/index.js"
import { Streaming } from "../src/kit.js"

const at = (now: number): Dialect.World => ({
  now,
  keys: [],
  engine: Engine.make({ instruments: [], balances: [] }),
  quote: () => assert.fail("nothing is quoted"),
  trades: () => [],
  candles: () => [],
  isVisible: () => true
})

describe("a conversation", () => {
  it("is told when it was opened, and when each side last sent something", () => {
    const told: Array<Streaming.Times> = []
    const silence = { frames: [], next: undefined }
    const conversation = Streaming.make<undefined>({
      initial: undefined,
      receive: (_, text, __, times) => {
        told.push(times)
        return text === "hello" ? { ...silence, frames: [Streaming.control("hello")] } : silence
      },
      poll: (_, __, times) => {
        told.push(times)
        return silence
      }
    })
    const opened = conversation.begin(at(1)).next
    opened.poll(at(2)).next.receive("hello", at(3)).next.receive("quiet", at(4)).next.poll(at(5))
    assert.deepStrictEqual(told, [
      { openedAt: 1, receivedAt: 1, sentAt: 1 },
      { openedAt: 1, receivedAt: 3, sentAt: 1 },
      { openedAt: 1, receivedAt: 4, sentAt: 3 },
      { openedAt: 1, receivedAt: 4, sentAt: 3 }
    ])
  })
})
