import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")

/** Returns the number of heap bytes in use, after fibers that have just ended are released and garbage is collected. */
export const heapInUse = async (): Promise<number> => {
  for (let time = 0; time < 4; time++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (typeof collect === "function") collect()
  }
  return process.memoryUsage().heapUsed
}
