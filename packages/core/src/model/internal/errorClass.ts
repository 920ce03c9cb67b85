import * as Predicate from "effect/Predicate"
import { printable } from "./text.js"

/**
 * The class of an error whose instances clean every text they are made with, also within plain objects and lists, and whose
 * message is one sentence about all of it.
 *
 * A proxy, as the constructor of a `Schema` class has to be left as it is: what is decoded passes through it as well.
 *
 * @internal
 */
export const cleaning = <C extends Function>(Class: C): C => {
  Object.defineProperty(Class.prototype, "message", {
    configurable: true,
    get(this: Said): string {
      return sentence(this)
    }
  })
  return new Proxy(Class, {
    construct: (target, [props, ...rest], newTarget): object =>
      Reflect.construct(target, [Predicate.isObject(props) ? cleanAll(props) : props, ...rest], newTarget)
  })
}

interface Said {
  readonly exchange: string
  readonly operation: string
  readonly detail: string
  readonly code?: string | undefined
  readonly status?: number | undefined
  readonly alternative?: string | undefined
}

const sentence = ({ alternative, code, detail, exchange, operation, status }: Said): string => {
  const native = [
    status === undefined ? undefined : `status ${status}`,
    code === undefined ? undefined : `code ${code}`
  ].filter((part) => part !== undefined).join(", ")
  const what = alternative === undefined ? detail : `${detail}; ${alternative}`
  return `${exchange}.${operation}: ${what}${native === "" ? "" : ` (${native})`}`
}

const sentences: ReadonlySet<string> = new Set(["detail", "reason", "alternative"])

const cleanAll = (props: object): object =>
  Object.fromEntries(
    Object.entries(props).map(([name, value]) => [name, cleanValue(value, sentences.has(name) ? 1000 : 200)])
  )

const cleanValue = (value: unknown, length: number): unknown => {
  if (typeof value === "string") return printable(value, length)
  if (Array.isArray(value)) return value.map((each) => cleanValue(each, length))
  return isPlain(value) ? cleanAll(value) : value
}

const isPlain = (value: unknown): value is object =>
  Predicate.isObject(value) && Object.getPrototypeOf(value) === Object.prototype
