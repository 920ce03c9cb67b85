import { fork } from "node:child_process"
import { once } from "node:events"
import { cpuOf } from "./measure.js"

/** A number of calls to make, and how many of them to make concurrently. */
export interface Work {
  readonly calls: number
  readonly concurrency: number
}

/** Makes the calls. */
export type Subject = (work: Work) => Promise<unknown>

/** The constructors of the subjects to compare, by name. Each subject is created in its own process. */
export type Subjects<Name extends string> = Readonly<Record<Name, (baseUrl: string) => Promise<Subject>>>

const isSubject = "subject"

/** Starts a process for each subject. It creates the subject, and then does each work that it receives. */
export const startApart = async <Name extends string>(subjects: Subjects<Name>, baseUrl: string) => {
  const started = Object.keys(subjects).map((name) => {
    const child = fork(process.argv[1] ?? "", [isSubject, name, baseUrl], { execArgv: [] })
    const answer = async (): Promise<number> => Number((await once(child, "message"))[0])
    child.once("exit", (code) => {
      if (code !== 0) throw new Error(`The process of ${name} exited with code ${code}`)
    })
    return { name, child, answer, isReady: answer() }
  })
  await Promise.all(started.map(({ isReady }) => isReady))
  return {
    /** Returns one task per subject, which gives the microseconds of CPU time per call of the subject's process. */
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
 * Compares subjects in separate processes. In one process they would affect each other: the engine compiles the calls
 * of one subject depending on what it has learned from the others, and a garbage collection walks the objects of all of
 * them. A real program has one of them.
 *
 * The calling module must be the main module of the process: it is started again for each subject.
 */
export const apart = async <Name extends string>(subjects: Subjects<Name>, compare: () => Promise<void>) => {
  const [first, name, baseUrl = ""] = process.argv.slice(2)
  if (first !== isSubject) return compare()
  const make = Object.entries<Subjects<Name>[Name]>(subjects).find(([some]) => some === name)?.[1]
  if (make === undefined) throw new Error(`Unknown subject ${name}`)
  const subject = await make(baseUrl)
  process.on("message", async (work: Work) => {
    process.send?.(await cpuOf(() => subject(work)) / work.calls)
  })
  process.once("disconnect", () => process.exit())
  process.send?.(0)
}
