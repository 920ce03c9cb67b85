import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")

/** Bytes that are in use, once what has just ended is let go. */
export const heapInUse = async (): Promise<number> => {
  for (let time = 0; time < 4; time++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (typeof collect === "function") collect()
  }
  return process.memoryUsage().heapUsed
}
