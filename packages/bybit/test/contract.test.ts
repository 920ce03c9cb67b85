import { elsewhere, inMemory, symbols } from "./contract.js"

inMemory(symbols.slice(0, 1))
elsewhere()
