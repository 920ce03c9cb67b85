import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Burst } from "./serverSockets.js"

export interface Served {
  readonly baseUrl: string
  readonly port: number
  /** Makes the server send a burst to all subscribers. */
  readonly send: (burst: Burst) => void
  readonly stop: () => void
}

/** Starts the exchange of `server.ts` in its own process, with the given number of markets. */
export const serve = async ({ symbols = 1 }: { readonly symbols?: number } = {}): Promise<Served> => {
  const child = fork(fileURLToPath(new URL("server.mjs", import.meta.url)), [String(symbols)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: []
  })
  const [port] = await once(child, "message")
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    port: Number(port),
    send: (burst) => child.send(burst),
    stop: () => child.kill()
  }
}
