import { inMemory, overSockets, symbols } from "./contract.js"

inMemory(symbols.slice(1))
overSockets()
