import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { SimulatedResponse } from "../Dialect.js"

const piece = 65_536
const slowPieces = 8

/** @internal Streams the body of a response as it arrives. The stream of a truncated body fails with `cutOff`. */
export const body = <E>(response: SimulatedResponse, cutOff: E): Stream.Stream<Uint8Array, E> => {
  const { body, delivery } = response
  switch (delivery?._tag) {
    case undefined:
      return Stream.fromIterable(pieces(body, piece))
    case "Truncated":
      return Stream.fromIterable(pieces(body.subarray(0, Math.floor(body.length / 2)), piece)).pipe(
        Stream.concat(Stream.fail(cutOff))
      )
    case "Slow":
      return Stream.fromIterable(pieces(body, Math.max(1, Math.ceil(body.length / slowPieces)))).pipe(
        Stream.rechunk(1),
        Stream.zipWithIndex,
        Stream.mapEffect(([bytes, index]) => Effect.as(Effect.sleep(index === 0 ? 0 : delivery.pause), bytes))
      )
  }
}

/** @internal Collects all bytes of a stream in one array. */
export const collect = <E, R>(stream: Stream.Stream<Uint8Array, E, R>): Effect.Effect<Uint8Array<ArrayBuffer>, E, R> =>
  Effect.map(Stream.runCollect(stream), (chunks) => {
    const bytes = new Uint8Array(Chunk.reduce(chunks, 0, (length, chunk) => length + chunk.length))
    Chunk.reduce(chunks, 0, (offset, chunk) => {
      bytes.set(chunk, offset)
      return offset + chunk.length
    })
    return bytes
  })

function* pieces(body: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < body.length; start += size) {
    yield body.subarray(start, start + size)
  }
}
