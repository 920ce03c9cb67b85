import { assert, describe, it } from "@effect/vitest"
import { Streaming } from "../src/kit.js"
import { emptyWorld } from "./utils.js"

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
    const opened = conversation.begin(emptyWorld(1)).next
    opened.poll(emptyWorld(2)).next.receive("hello", emptyWorld(3)).next.receive("quiet", emptyWorld(4)).next.poll(
      emptyWorld(5)
    )
    assert.deepStrictEqual(told, [
      { openedAt: 1, receivedAt: 1, sentAt: 1 },
      { openedAt: 1, receivedAt: 3, sentAt: 1 },
      { openedAt: 1, receivedAt: 4, sentAt: 3 },
      { openedAt: 1, receivedAt: 4, sentAt: 3 }
    ])
  })
})
