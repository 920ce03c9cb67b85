import { fork } from "node:child_process"
import { once } from "node:events"
import { cpuOf } from "./measure.js"

/** So many calls, so many at a time. */
export interface Work {
  readonly calls: number
  readonly concurrency: number
}

/** Does the work. */
export type Subject = (work: Work) => Promise<unknown>

/** How each of those compared is made, by its name, in a process of its own. */
export type Subjects<Name extends string> = Readonly<Record<Name, (baseUrl: string) => Promise<Subject>>>

const isSubject = "subject"

/** Starts a process for each, in which it is made, and which works whenever it is told to. */
export const startApart = async <Name extends string>(subjects: Subjects<Name>, baseUrl: string) => {
  const started = Object.keys(subjects).map((name) => {
    const child = fork(process.argv[1] ?? "", [isSubject, name, baseUrl], { execArgv: [] })
    const answer = async (): Promise<number> => Number((await once(child, "message"))[0])
    child.once("exit", (code) => {
      if (code !== 0) throw new Error(`The process of ${name} has ended, with ${code}`)
    })
    return { name, child, answer, isReady: answer() }
  })
  await Promise.all(started.map(({ isReady }) => isReady))
  return {
    /** Microseconds of CPU time of its process that a call takes, for each of them. */
    tasks: (work: Work) =>
      Object.fromEntries(started.map(({ answer, child, name }) => [name, () => {
        child.send(work)
        return answer()
      }])),
    stop: () => {
      for (const { child } of started) child.disconnect()
    }
  }
}

/**
 * Compares subjects, each of which has a process of its own: in one process they would pay for each other, as what one taught the
 * engine decides how the calls of another are compiled, and a collection walks through what all of them hold. A program has one of them.
 *
 * The module that calls it is the one that is run: it is started again for each subject.
 */
export const apart = async <Name extends string>(subjects: Subjects<Name>, compare: () => Promise<void>) => {
  const [first, name, baseUrl = ""] = process.argv.slice(2)
  if (first !== isSubject) return compare()
  const make = Object.entries<Subjects<Name>[Name]>(subjects).find(([some]) => some === name)?.[1]
  if (make === undefined) throw new Error(`No subject is called ${name}`)
  const subject = await make(baseUrl)
  process.on("message", async (work: Work) => {
    process.send?.(await cpuOf(() => subject(work)) / work.calls)
  })
  process.once("disconnect", () => process.exit())
  process.send?.(0)
}
