import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Dispatcher } from "undici"
import type * as Transport from "../Transport.js"
import { neverConnected } from "./connection.js"
import { clockOf, masked, type Restore, type Running, withFiber } from "./frame.js"
import type { Keeper, Watch } from "./keeper.js"
import type { Limited } from "./nodeBodies.js"
import { failure, tooMany } from "./transport.js"

/**
 * Sends requests directly by an undici dispatcher. The `HttpClient` of the platform needs a response stream, an abort
 * controller and a scope, which cost several times as much as the request.
 *
 * @internal
 */
export const make = (dispatcher: Dispatcher, keeper: Keeper): Transport.Transport => {
  const sending = (fiber: Running, request: Transport.Request, restore: Restore): Ended => {
    const call = new Call(request)
    const { timeout } = request
    const answer = waiting(dispatcher, call)
    if (!Duration.isFinite(timeout)) return abandoning(restore, call, answer)
    const watch = keeper.watch(clockOf(fiber), timeout, call.late)
    call.watch = watch
    return abandoning(restore, call, watch.begin === undefined ? answer : Effect.zipRight(watch.begin, answer))
  }
  return {
    isQuiet: true,
    send: (request) => withFiber((fiber, status) => masked(status, (restore) => sending(fiber, request, restore))),
    sendMasked: (request, restore) => withFiber((fiber) => sending(fiber, request, restore))
  }
}

/**
 * The content coding that every request accepts.
 *
 * @internal
 */
export const acceptEncoding = "gzip"

const waiting = (dispatcher: Dispatcher, call: Call): Ended =>
  Effect.async((resume) => {
    call.resume = resume
    // The timeout may fire before the request starts, if the fiber had to yield.
    if (call.isLate) return call.late()
    const { body, maxBytes, method, origin, path } = call.request
    const headers = { "accept-encoding": acceptEncoding, ...call.request.headers }
    const request: Limited = { origin, path, method, headers, body: body === "" ? null : body, maxBytes }
    dispatcher.dispatch(request, call)
  })

/** Aborts the request when the fiber that waits for it is interrupted. */
const abandoning = (restore: Restore, call: Call, answer: Ended): Ended =>
  Effect.catchAllCause(restore(answer), (cause) => {
    call.abandon()
    return Effect.failCause(cause)
  })

type Ended = Effect.Effect<Transport.Answer, Transport.Failure>

/** A request in progress. It ends once: with its response, an error or a timeout. */
class Call implements Dispatcher.DispatchHandler {
  readonly request: Transport.Request
  resume: (ended: Ended) => void = ignored
  watch: Watch | undefined
  isLate = false
  private isOver = false
  private controller: Dispatcher.DispatchController | undefined
  private status = 0
  private headers: Transport.Answer["headers"] = none
  private first: Buffer | undefined
  private others: Array<Buffer> | undefined
  private size = 0

  constructor(request: Transport.Request) {
    this.request = request
  }

  readonly late = (): void => {
    this.isLate = true
    this.abandon()
    this.resume(Effect.fail({ _tag: "TimedOut" }))
  }

  abandon(): void {
    if (this.isOver) return
    this.watch?.leave()
    this.isOver = true
    this.controller?.abort(abandoned)
    this.controller = undefined
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.isOver) controller.abort(abandoned)
    else this.controller = controller
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHeaders): void {
    if (status < 200) return
    this.status = status
    this.headers = single(headers)
    if (Number(headers["content-length"]) > this.request.maxBytes) this.tooLarge()
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isOver) return
    this.size += chunk.length
    if (this.size > this.request.maxBytes) this.tooLarge()
    else if (this.first === undefined) this.first = chunk
    else (this.others ??= []).push(chunk)
  }

  onResponseEnd(): void {
    const { first = empty, headers, others, status } = this
    const body = others === undefined ? first : Buffer.concat([first, ...others])
    this.end(Effect.succeed({ status, headers, text: withoutMark(body.toString("utf8")) }))
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.end(Effect.fail(failure(error, neverConnected(error))))
  }

  private tooLarge(): void {
    const { controller } = this
    this.end(Effect.fail(tooMany(this.request.maxBytes)))
    controller?.abort(abandoned)
  }

  private end(ended: Ended): void {
    if (this.isOver) return
    this.isOver = true
    // `Effect.async` keeps this object until the next major collection: see decision 12. The controller references
    // everything that undici has read of the response.
    this.controller = undefined
    this.first = undefined
    this.others = undefined
    this.watch?.leave()
    this.resume(ended)
    this.resume = ignored
  }
}

const ignored = (): void => {}
const none: Transport.Answer["headers"] = {}
const empty = Buffer.alloc(0)

// Made once, because nothing reads its stack trace.
const abandoned = new Error("The request was abandoned")

type IncomingHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2]

const single = (headers: IncomingHeaders): Transport.Answer["headers"] => {
  const all: { [name: string]: string | undefined } = {}
  for (const name in headers) {
    const value = headers[name]
    all[name] = typeof value === "object" ? value.join(", ") : value
  }
  return all
}

/** Removes a byte order mark, which `JSON.parse` would reject. */
const withoutMark = (text: string): string => text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
